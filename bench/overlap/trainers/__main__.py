"""Entry point of `python -m bench.overlap.trainers verl|trl`: a trainer's own Python, playing steps for `process`."""

import asyncio
import importlib
import sys

from bench.overlap.trainers.protocol import claim_output

if __name__ == "__main__":
    out = claim_output()
    # Imported late: the graders' processes look at this module too, and need no trainer.
    asyncio.run(importlib.import_module(f"bench.overlap.trainers.{sys.argv[1]}_side").run(out))
