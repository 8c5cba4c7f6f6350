"""Equivalent forms, one file per class of the taxonomy: the same answer for a reader, in other characters."""

from typing import Final

from tinyv_stream.lab.synth.form import RewriteForm
from tinyv_stream.lab.synth.forms import (
    collection,
    convention,
    expression,
    formatting,
    language,
    notation,
    numeric,
    sentence,
    spoken,
    symbolic,
)

FORMS: Final[tuple[RewriteForm, ...]] = (
    *formatting.FORMS,
    *notation.FORMS,
    *expression.FORMS,
    *numeric.FORMS,
    *language.FORMS,
    *collection.FORMS,
    *symbolic.FORMS,
    *convention.FORMS,
    *spoken.FORMS,
    *sentence.FORMS,
)
"""In the order of the taxonomy, then those that cross it."""
