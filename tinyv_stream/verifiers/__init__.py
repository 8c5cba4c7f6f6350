"""Verifier knowledge without a process: answers, graders, prompts and read-out. Pure, but for math-verify.

`grade` judges one answer in this process.
"""

from tinyv_stream.verifiers.in_process import grade

__all__ = ["grade"]
