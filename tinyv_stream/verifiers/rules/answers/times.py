"""Times of day: `3:05 p.m.`, `15:05`, a bare `3:05` of either half, and which half a question tells.

- A bare hour from 1 to 12 says no half. It equals the same bare time, and a time with a half only where the question
  tells the half for what it asks: `what time in the afternoon`, or one start and one duration that lead there.
- A bare answer is also one of 24 hours, and so is a ground truth `08:05`: in the morning, unless the question speaks of
  another part of the day.
- Times become `Words` in one spelling, so that they equal only themselves.
"""

import functools
import re
from typing import Final

from tinyv_stream.verifiers.rules.answers import words
from tinyv_stream.verifiers.rules.answers.forms import Form, Match, Ratio, Words
from tinyv_stream.verifiers.rules.maths.value import exact
from tinyv_stream.verifiers.taxonomy import Taxonomy

_CLOCK: Final = re.compile(
    r"(\d{1,2})(?:\s*:\s*(\d{2}))?\s*(?:\\text\s*\{)?\s*([ap])\.?\s?m\.?\s*\}?(?: sharp)?", re.IGNORECASE
)
_BARE: Final = re.compile(r"(0\d):([0-5]\d)|(\d{1,2}):(0\d)")
_SAID: Final = re.compile(r"(\d{1,2})(?::([0-5]\d))?\s*(?:\\text\s*\{)?\s*o'?clock\s*\}?", re.IGNORECASE)
_O_CLOCK: Final = " o'clock"
_EITHER: Final = " of either half"
_PADDED: Final = " of the day"
"""`08:05`, as a clock of 24 hours has it, and as one of 12 may."""
_SPELLED: Final = re.compile(rf"(\d\d):(\d\d)({_EITHER}|{_PADDED})?{_O_CLOCK}")
_AFTERNOON: Final = re.compile(r"\b(?:afternoons?|noon|evenings?|p\.?\s?m\b|dusk|sunset|supper|night)", re.IGNORECASE)
_NOON: Final = 12
_HALF_A_DAY: Final = 720
_DAY: Final = 1440
_TWO_DIGITS: Final = 10
_ASKED: Final = re.compile(
    r"\bwhat time (?:in the (morning|afternoon|evening)|(after noon))|"
    r"\b(?:what time|when)\b[^.?!]{0,60}\bin the (morning|afternoon|evening)\W*\?",
    re.IGNORECASE,
)
_START: Final = re.compile(
    r"(?<![\d:])(\d{1,2})(?::([0-5]\d))?\s*([ap])\.?\s?m\b|\b(noon|midnight)\b|(?<![\d:])(\d{1,2}:[0-5]\d)(?!\s*[ap]\.?\s?m\b)|"
    r"\b(\d{1,2})\s+o'?clock",
    re.IGNORECASE,
)
_COUNT: Final = (
    r"(\d{1,3}(?:\.\d+)?|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?:\s+and\s+an?\s+(half))?"
)
_DURATION: Final = re.compile(
    rf"\b{_COUNT}[\s-]*(?:h|hr|hrs|hours?)\b(?:\s+and\s+an?\s+(half)\b)?(?:,?\s*(?:and\s+)?(\d{{1,2}})\s*(?:min|mins|minutes?)\b)?|"
    r"\b(\d{1,3})[\s-]*(?:min|mins|minutes?)\b",
    re.IGNORECASE,
)
_BACKWARDS: Final = re.compile(r"\b(?:before|earlier|ago|until|till|previous|prior|back)\b", re.IGNORECASE)
_WORDS: Final = {**words.NUMBERS, "a": 1, "an": 1}


def read_clock(text: str) -> Form | None:
    """Return a time of day, or None; the half is open where the text gives none and the hour is one of a clock's."""
    if (found := _BARE.fullmatch(text)) is not None:
        return _bare(int(found[1] or found[3]), int(found[2] or found[4]), _PADDED if found[1] else _EITHER)
    if (said := _SAID.fullmatch(text)) is not None:
        return _bare(int(said[1]), int(said[2] or 0))
    found = _CLOCK.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= _NOON or int(found[2] or 0) > 59:
        return None
    return _known(_minutes(int(found[1]), int(found[2] or 0), late=found[3] in "pP"))


def is_time(form: Form) -> bool:
    """Say whether a form is a time of day."""
    return isinstance(form, Words) and form.text.endswith(_O_CLOCK)


def same_times(gold: Form, answer: Form, question: str) -> Match | None:
    """Compare two times of day, of which one may be written `3:30`; None where the half is open or one is no time."""
    ours, theirs = (_spelled(form) for form in (gold, answer))
    if ours is None or theirs is None:
        return None
    if bool(ours[1]) == bool(theirs[1]):
        return Match(same=ours[0] == theirs[0], reason="time of day", taxonomy=Taxonomy.FORMATTING)
    known, open_ = (theirs, ours) if ours[1] else (ours, theirs)
    if (known[0] - open_[0]) % _HALF_A_DAY:
        return Match(same=False, reason="different times")
    on_the_day = known[0] == open_[0] and (ours[1] != _EITHER) and not _AFTERNOON.search(question)
    is_said = on_the_day or known[0] in _said_by(question, open_[0] % _HALF_A_DAY)
    return Match(same=True, reason="time of day", taxonomy=Taxonomy.FORMATTING) if is_said else None


def _bare(hour: int, minute: int, half: str = _EITHER) -> Words:
    if 1 <= hour <= _NOON:
        return Words(f"{hour:02}:{minute:02}{half}{_O_CLOCK}")
    return Words(f"{hour:02}:{minute:02}{_O_CLOCK}")


def _known(minutes: int) -> Words:
    return Words(f"{minutes // 60:02}:{minutes % 60:02}{_O_CLOCK}")


def _spelled(form: Form) -> tuple[int, str] | None:
    """Return the minutes of a time, and what it says of an open half, empty where none is; None for another form."""
    if isinstance(form, Ratio):
        form = _of_ratio(form) or form
    found = _SPELLED.fullmatch(form.text) if isinstance(form, Words) else None
    if found is None:
        return None
    return 60 * int(found[1]) + int(found[2]), found[3] or ""


def _of_ratio(form: Ratio) -> Words | None:
    parts = [exact(part) for part in form.parts]
    whole = [int(p) for p in parts if p is not None and p.denominator == 1]
    if len(parts) != 2 or len(whole) != 2 or not _TWO_DIGITS <= whole[1] < 60 or not 0 <= whole[0] < 24:
        return None  # `12:5` is no time of day, and `12:05` no ratio
    return _bare(whole[0], whole[1])


@functools.lru_cache(maxsize=1024)
def _said_by(question: str, open_minutes: int) -> frozenset[int]:
    """Return the time of day that the question says for a bare one: one number, or none."""
    asked = {next(filter(None, found.groups())).lower() for found in _ASKED.finditer(question[-4_000:])}
    if asked:
        early = {0} if "morning" in asked else set[int]()
        late = {_HALF_A_DAY} if asked - {"morning"} else set[int]()
        halves = {open_minutes + half for half in early | late}
    else:
        led = _led_to(question[-4_000:])
        halves = {time for time in led if (time - open_minutes) % _HALF_A_DAY == 0}
    return frozenset(halves) if len(halves) == 1 else frozenset()


def _led_to(question: str) -> set[int]:
    """Return where the only start and the only duration of a question lead; before the start too if it looks back."""
    starts, durations = list(_START.finditer(question)), list(_DURATION.finditer(question))
    if len(starts) != 1 or len(durations) != 1 or starts[0][5] or starts[0][6]:
        return set()
    start, taken = _start(starts[0]), _duration(durations[0])
    if start is None or taken is None:
        return set()
    ways = (1, -1) if _BACKWARDS.search(question) else (1,)
    return {(start + way * taken) % _DAY for way in ways}


def _start(found: re.Match[str]) -> int | None:
    if found[4]:
        return _HALF_A_DAY if found[4].lower() == "noon" else 0
    return _minutes(int(found[1]), int(found[2] or 0), late=found[3] in "pP") if 1 <= int(found[1]) <= _NOON else None


def _duration(found: re.Match[str]) -> int | None:
    """Return whole minutes."""
    if found[5]:
        return int(found[5])
    said = found[1].lower()
    hours = float(_WORDS.get(said, 0) or said) + (0.5 if found[2] or found[3] else 0)
    minutes = 60 * hours + int(found[4] or 0)
    return int(minutes) if minutes == int(minutes) else None


def _minutes(hour: int, minute: int, *, late: bool) -> int:
    return 60 * (hour % _NOON + (_NOON if late else 0)) + minute
