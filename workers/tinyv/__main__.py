"""`python -m workers.tinyv`: one TinyV worker, with an engine of its own."""

import sys

from workers.program import main
from workers.tinyv.verifier import TinyVVerifier

if __name__ == "__main__":
    sys.exit(
        main(
            "workers.tinyv",
            "Run one TinyV worker, with an engine of its own.",
            lambda config: TinyVVerifier(config.tinyv),
        )
    )
