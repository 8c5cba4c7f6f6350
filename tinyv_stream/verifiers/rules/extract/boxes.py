r"""Boxes in a text: `\boxed`, `\fbox`, `\framebox` and `\bbox`, with braces or without.

A box without anything that could be an answer behind it (`\boxed .`) is a mention and no box. Work is bounded: only the
last `_MOST` boxes count, and their braces have one budget together.
"""

import re
from typing import Final

import msgspec

_MOST: Final = 64
_BRACES: Final = 20_000
"""Braces looked at in all: a longer formula is over every answer limit, and each costs a step."""
_COMMAND: Final = re.compile(r"\\(?:boxed|fbox|framebox|bbox)(?![A-Za-z])")
_BROKEN: Final = re.compile(r"\\(?:boxed|fbox|framebox|bbox)(?![A-Za-z])|(?:(?<![A-Za-z\\])boxed|\x08oxed)(?=\{)")
"""Also a command without its backslash, or with what JSON makes of it."""
_OPTIONS: Final = re.compile(r"\s*(?:\[[^\[\]{}\n]{0,80}\]\s*){0,2}")
_PIECE: Final = re.compile(r"\\.|[{}]", re.DOTALL)
_FRACTION: Final = re.compile(r"\\[dtc]?frac(?![A-Za-z])")
_ARGUMENT: Final = re.compile(r"\s*(?:([0-9A-Za-z])|(\\[A-Za-z]+))")
_NAME: Final = re.compile(r"\\[A-Za-z]+|\\[{|]")
_BARE: Final = re.compile(r"(?:(?!\\[)\]])[^\s$,;]|,(?=\d{3}(?!\d)))+")
_NOTHING: Final = re.compile(r"[\s.,;:!?$*)\]}]*$")


class Box(msgspec.Struct, frozen=True):
    """Where a box stands in its text, and what is inside; None where it never ends."""

    start: int
    end: int
    inside: str | None


def boxes(text: str) -> list[Box]:
    """Return the last boxes of a text in their order, the outer ones only."""
    found: list[Box] = []
    if "box" not in text and "\x08ox" not in text:
        return found
    budget = _BRACES
    command_of = _COMMAND if text.count("oxed{") == text.count("\\boxed{") else _BROKEN
    for command in list(command_of.finditer(text))[-_MOST:]:
        if found and command.start() < found[-1].end:
            continue
        box, used = _read(text, command.start(), command.end(), budget)
        budget -= used
        if box is not None:
            found.append(box)
    return found


def balanced(text: str, at: int, budget: int) -> tuple[int, int]:
    """Return where the group that opens at `at` ends (-1: never, or over the budget) and the braces looked at."""
    depth = used = 0
    for piece in _PIECE.finditer(text, at):
        used += 1
        if used > budget:
            break
        if piece[0] in "{}":
            depth += 1 if piece[0] == "{" else -1
            if depth == 0:
                return piece.end(), used
    return -1, used


def unwrapped(inside: str) -> str:
    """Return what a box holds, without boxes in it."""
    while (command := _BROKEN.match(inside)) and inside[command.end() : command.end() + 1] == "{":
        end, _ = balanced(inside, command.end(), _BRACES)
        if end != len(inside):
            break
        inside = inside[command.end() + 1 : -1].strip()
    return _COMMAND.sub("", inside).strip()


def without_boxes(text: str) -> str:
    """Return an answer without its boxes: they are layout, and what stands around them belongs to the answer."""
    return unwrapped(text.strip()) if "box" in text else text


def without_commands(text: str) -> str:
    """Return a text without the commands of boxes in it."""
    return _COMMAND.sub("", text).strip() if "box" in text else text


def _read(text: str, start: int, after: int, budget: int) -> tuple[Box | None, int]:
    options = _OPTIONS.match(text, after)
    at = options.end() if options else after
    if text[at : at + 1] == "{":
        end, used = balanced(text, at, budget)
        return (Box(start, at, None) if end < 0 else Box(start, end, text[at + 1 : end - 1].strip())), used
    end, inside = _without_braces(text, at)
    return (Box(start, end, inside) if not _NOTHING.match(inside) else None), 0


def _without_braces(text: str, at: int) -> tuple[int, str]:
    fraction = _FRACTION.match(text, at)
    if fraction:
        top_end, top = _argument(text, fraction.end())
        end, bottom = _argument(text, top_end)
        return end, f"\\frac{{{top}}}{{{bottom}}}"
    name = _NAME.match(text, at)
    if name:
        end = name.end()
        while text[end : end + 1] == "{":
            close, _ = balanced(text, end, 200)
            if close < 0:
                break
            end = close
        return end, text[at:end]
    bare = _BARE.match(text, at)
    if bare is None:
        return at, ""
    return bare.end(), bare[0].rstrip(".:!?*")


def _argument(text: str, at: int) -> tuple[int, str]:
    found = _ARGUMENT.match(text, at)
    if found:
        return found.end(), found[0].strip()
    opening = re.compile(r"\s*\{").match(text, at)
    if opening:
        end, _ = balanced(text, opening.end() - 1, 200)
        if end > 0:
            return end, text[opening.end() : end - 1].strip()
    return at, ""
