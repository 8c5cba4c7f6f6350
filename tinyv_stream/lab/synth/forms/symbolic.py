"""Forms of class 7, symbols: letters that are bound or arbitrary, subscripts, case."""
# Answers are written with such signs; a form tries one shape after the other.

import random
import re
from typing import Final

from tinyv_stream.lab.synth.form import RewriteForm
from tinyv_stream.lab.synth.shape import bare


def _rename(text: str, rng: random.Random) -> str | None:
    r"""f(x)=2x -> f(t)=2t, or the free integer of \pi k; the letter is bound or arbitrary, so the choice is free."""
    plain = bare(text)
    head = re.match(r"([A-Za-z])\(([a-z])\)\s*=", plain)
    if head:
        old = head[2]
    elif "\\pi" in plain or "π" in plain:
        free = re.findall(r"(?<![A-Za-z\\])([kn])(?![A-Za-z(])", re.sub(r"\\[A-Za-z]+", " ", plain.replace("π", " ")))
        if len(set(free)) != 1:
            return None
        old = free[0]
    else:
        return None
    new = rng.choice([c for c in "xtnmkzsu" if c != old])
    if re.search(rf"(?<![A-Za-z\\]){new}(?![A-Za-z])", re.sub(r"\\[A-Za-z]+", " ", plain)):
        return None
    return re.sub(rf"(\\[A-Za-z]+)|{old}", lambda m: m[1] or new, plain.replace("π", "\\pi "))


def _subscript(text: str, _rng: random.Random) -> str | None:
    if re.search(r"_\{(\w)\}", text):
        return re.sub(r"_\{(\w)\}", r"_\1", text)
    if re.search(r"[A-Za-z]_\w(?!\w)", text):
        return re.sub(r"([A-Za-z])_(\w)(?!\w)", r"\1_{\2}", text)
    return None


def _greek(text: str, rng: random.Random) -> str | None:
    """Write the letter that is bound by `f(x) =` as a Greek one."""
    head = re.match(r"[A-Za-z]\(([a-z])\)\s*=", bare(text))
    if not head:
        return None
    new = rng.choice(("\\alpha ", "\\theta ", "\\lambda ", "\\xi "))
    return re.sub(rf"(\\[A-Za-z]+)|(?<![A-Za-z]){head[1]}(?![A-Za-z])", lambda m: m[1] or new, bare(text))


def _case(text: str, _rng: random.Random) -> str | None:
    plain = bare(text)
    if found := re.match(r"([fghpFGP])(?=\([a-z]\)\s*=)", plain):
        return found[1].swapcase() + plain[1:]
    return plain[:-1] + "c" if plain.endswith(("+ C", "+C")) else None


FORMS: Final = (
    RewriteForm("7.1", _rename, checked=False),
    RewriteForm("7.2", _subscript),
    RewriteForm("7.3", _greek, checked=False),
    RewriteForm("7.4", _case, checked=False),
)
