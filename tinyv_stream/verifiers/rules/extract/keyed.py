"""An answer under a key, as in JSON or a Python dict. No parser: a key, a colon, and a value of bounded depth."""

import re
from typing import Final

_KEY: Final = re.compile(r"[\"'](final[ _]?answer|answer|model_answer)(_?\d{0,2})[\"']\s*:\s*", re.IGNORECASE)
_VALUE: Final = re.compile(
    r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|(\[(?:[^\[\]]|\[[^\[\]]*\])*\]|\{[^{}]*\})|(null|None)|([^\s,}\]\"'][^,}\n]*)",
    re.DOTALL,
)
_OTHERS: Final = re.compile(
    r"[\"'](?:\w*alternat\w*|second\w*|other[_ ]?\w*|(?:backup|fallback)\w*|or)[\"']\s*:", re.IGNORECASE
)
"""Keys of more answers in the same object."""
_SIGNS: Final = ('nswer"', "nswer'", 'NSWER"', "nswer_", "nswer1", "nswer2")
_NO_ANSWER: Final = re.compile(
    r"(?<![^\W_])(?:wrong|not?|non|incorrect|false|bad|rejected|invalid|mistaken)[_ -](?:final[_ -])?answers?",
    re.IGNORECASE,
)
_MOST: Final = 16
_MOST_CHARS: Final = 4_000
_SAME_OBJECT: Final = 2_000


def last_keyed(text: str, after: int) -> tuple[int, str] | None:
    """Return where the last answer under a key behind `after` starts, and its value; None where there is no key."""
    if not any(sign in text for sign in _SIGNS):
        return None
    keys = [key for key in _KEY.finditer(text, after) if text.rfind("{", 0, key.start()) >= 0][-_MOST:]
    if not keys:
        return None
    last = keys[-1]
    group = [
        key for key in keys if last.start() - key.start() < _SAME_OBJECT and "}" not in text[key.end() : last.start()]
    ]
    finals = [key for key in group if key[1].lower().startswith("final")]
    if finals:
        return finals[-1].start(), _value(text, finals[-1].end())
    begin, end = text.rfind("{", 0, last.start()), text.find("}", last.end())
    if _OTHERS.search(text, begin, end if end >= 0 else len(text)):
        return last.start(), ""
    if len(group) > 1 and all(key[2] for key in group):
        return group[0].start(), ", ".join(_value(text, key.end()) for key in group)
    return last.start(), _value(text, last.end())


def names_no_answer(text: str) -> bool:
    """Say whether a text holds a name such as `wrong_answer`."""
    return _NO_ANSWER.search(text) is not None


def _value(text: str, at: int) -> str:
    found = _VALUE.match(text, at, min(len(text), at + _MOST_CHARS))
    if found is None or found[4]:
        return ""
    if found[1] is not None or found[2] is not None:
        return re.sub(r"\\([\\\"'])", r"\1", found[1] if found[1] is not None else found[2]).strip()
    return (found[3] or found[5]).strip()
