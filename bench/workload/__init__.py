"""GRPO steps made from a seed: completions, their end times and their answers. See `steps.make`."""

from bench.workload.questions import Question, bundled, from_file
from bench.workload.steps import Line, Mix, Step, make

__all__ = ["Line", "Mix", "Question", "Step", "bundled", "from_file", "make"]
