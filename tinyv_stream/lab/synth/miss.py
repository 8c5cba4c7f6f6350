"""Type of a near miss: one small change that makes a right answer wrong."""

from typing import Literal

import msgspec

from tinyv_stream.lab.synth.form import FormRewrite

Proof = Literal["values", "order", "ends", "words"]


class Miss(msgspec.Struct, frozen=True):
    """`rewrite` returns a different answer, or None where it does not apply.

    `proof` says how the difference is shown: `values` by the numeric comparison; `order`, `ends` and `words` by
    construction, where the numbers are the same and something else is not. `weight` is how often it is tried first.
    """

    name: str
    rewrite: FormRewrite
    proof: Proof = "values"
    weight: int = 1
