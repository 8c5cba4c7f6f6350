"""Near misses: wrong answers that look like right ones, each made from a right one by one small change."""

from typing import Final

from tinyv_stream.lab.synth.miss import Miss
from tinyv_stream.lab.synth.near import meaning, parts, structure, values, words

MISSES: Final[tuple[Miss, ...]] = (*values.MISSES, *structure.MISSES, *words.MISSES, *meaning.MISSES, *parts.MISSES)
