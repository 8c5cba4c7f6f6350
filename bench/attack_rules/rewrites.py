r"""Rewritings of a whole text that keep what it says: delimiters, boxes, wrappers, brackets, spaces."""

import random
import re
from collections.abc import Callable
from typing import Final

Rewrite = Callable[[str], str]

REWRITES: Final[dict[str, Rewrite]] = {
    "as it is": lambda text: text,
    "dollars": lambda text: f"${text}$" if "$" not in text else text,
    "round delimiters": lambda text: f"\\({text}\\)" if "$" not in text else text,
    "square delimiters": lambda text: f"\\[{text}\\]" if "$" not in text else text,
    "box": lambda text: f"\\boxed{{{text}}}" if "$" not in text else text,
    "braces": lambda text: f"{{{text}}}" if "$" not in text else text,
    "spaces": lambda text: f"  {text} ",
    "full stop": lambda text: text if text.endswith((".", "dots", ";", ":", ",")) else f"{text}.",
    "display style": lambda text: f"\\displaystyle {text}",
    "thin space": lambda text: f"{text}\\,",
}


_LAYOUT: Final = re.compile(r"\\left|\\right|\\displaystyle|\\,|\\[()\[\]]|[\s$]")


def bare(text: str) -> str:
    """Return the text without layout, to tell whether two trees are written alike."""
    return _LAYOUT.sub("", text).replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac")


def rewritten(text: str, rng: random.Random) -> tuple[str, str]:
    """Return the name of a drawn rewriting and the rewritten text; half of all stay as they are."""
    name = rng.choice(list(REWRITES)) if rng.random() < 0.5 else "as it is"
    return name, REWRITES[name](text)
