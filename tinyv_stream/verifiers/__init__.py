"""What verifiers know, and no process: answers, graders, prompts and how a reply is read. Pure, but for math-verify.

`grade` judges one answer in this process.
"""

from tinyv_stream.verifiers.in_process import grade

__all__ = ["grade"]
