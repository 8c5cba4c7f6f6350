"""Type of a form: one way of writing the same answer differently."""

import random
from collections.abc import Callable

import msgspec

FormRewrite = Callable[[str, random.Random], str | None]


class RewriteForm(msgspec.Struct, frozen=True):
    """`rewrite` returns an equivalent text, the same text, or None where it does not apply.

    `checked` is False where the numeric comparison cannot agree by nature: a rounding, a renamed letter.
    """

    kind: str
    rewrite: FormRewrite
    checked: bool = True
