"""Texts of rollouts, found in the shapes that trainers give them, and cut to what may travel. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import msgspec

from tinyv_stream.types import MAX_ROLLOUT_BYTES, Rollout

_ID_BYTES: Final = 128
"""Room for the id that a rollout is given later."""
_TURN: Final = re.compile(
    r"(?:<\|im_start\|>|<\|start_header_id\|>)user(?:<\|end_header_id\|>)?\s*(.*?)(?:<\|im_end\|>|<\|eot_id\|>)",
    re.DOTALL,
)


def fitted(rollout: Rollout) -> Rollout:
    """Return `rollout` with no more of its completion than may travel: the end, where the answer is.

    Models ramble, and a trainer must not die of it.
    """
    texts = [value for value in msgspec.structs.astuple(rollout) if isinstance(value, str)]
    over = sum(len(text.encode("utf-8", "replace")) for text in texts) - MAX_ROLLOUT_BYTES + _ID_BYTES
    if over <= 0:
        return rollout
    end = rollout.completion.encode("utf-8", "replace")[over:]
    return msgspec.structs.replace(rollout, completion=end.decode("utf-8", "ignore"))


def question_of(prompt: object) -> str:
    """Return the question in a prompt: the text itself, or the last user message of a chat."""
    messages = _messages(prompt)
    if messages is None:
        return _text(prompt)
    users = [m for m in messages if m.get("role") == "user"] or messages
    return _text(users[-1].get("content")) if users else ""


def completion_of(completion: object) -> str:
    """Return a completion's text: the text itself, or what the assistant said in a chat, in order."""
    messages = _messages(completion)
    if messages is None:
        return _text(completion)
    contents = [_text(m.get("content")) for m in messages if m.get("role", "assistant") == "assistant"]
    return "\n".join(text for text in contents if text)


def plain_question(prompt: str) -> str:
    """Return the last user turn of a prompt in a chat template (ChatML, Llama 3), or the prompt."""
    turns = _TURN.findall(prompt)
    return str(turns[-1]).strip() if turns else prompt


def _messages(value: object) -> list[Mapping[str, Any]] | None:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return None
    return [cast("Mapping[str, Any]", m) for m in cast("Iterable[object]", value) if isinstance(m, Mapping)]


def _text(content: object) -> str:
    """Return the text of a message's content, which may be a list of typed parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, Iterable):
        return "" if content is None else str(content)
    parts = [cast("Mapping[str, Any]", p) for p in cast("Iterable[object]", content) if isinstance(p, Mapping)]
    return "".join(str(part.get("text", "")) for part in parts)
