"""GRPO steps made from a seed: completions, their end times and their answers. See `steps.make`."""

from bench.workload.questions import WorkloadQuestion, bundled, from_file
from bench.workload.steps import Mix, Step, StepCompletion, make

__all__ = ["Mix", "Step", "StepCompletion", "WorkloadQuestion", "bundled", "from_file", "make"]
