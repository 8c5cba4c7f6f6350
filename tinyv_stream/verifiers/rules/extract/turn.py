"""The part of a completion that speaks to the reader: without thinking, end tokens and a next turn that it made up."""

import re
from typing import Final

from tinyv_stream.verifiers.rules.extract.words import first_mark

_END: Final = re.compile(
    r"<\|(?:im_end|endoftext|eot_id|eom_id|end_of_text|end_of_turn|end|eos|return|endofturn|user|end_of_role)\|>"
    r"|</s>|<eos>|<end_of_turn>|<\uff5cend\u2581of\u2581sentence\uff5c>|<\uff5cUser\uff5c>|\[/?INST\]"
    r"|<\|im_start\|>|<\|start_header_id\|>|<start_of_turn>|<\|assistant\|>|<\uff5cAssistant\uff5c>|<\|start\|>"
)
"""Tokens that end a turn, or begin another."""
_SIGNS: Final = ("<|", "</s>", "<eos>", "<end_of_turn>", "<start_of_turn>", "<\uff5c", "INST]")
_THINKING: Final = ("think", "Think", "THINK", "thought", "Thought", "reasoning>", "scratchpad>")
_TALKERS: Final = ("ser", "SER", "uman", "ssistant", "nstruction", "esponse", "UMAN", "SSISTANT")
_TASKS: Final = ("roblem", "uestion", "xercise", "ask", "Q", "ROBLEM", "UESTION", "\u95ee\u9898", "\u9898\u76ee")
"""Parts of what the expressions below look for: a text without any of them need not be searched."""
_ROLE: Final = re.compile(r"(?:\s*(?:assistant|model)\s*(?:<\|end_header_id\|>|<\|message\|>|\n|:))?\s*", re.IGNORECASE)
_OTHER: Final = re.compile(r"\s*(?:user|human|system)\b", re.IGNORECASE)
_FINAL_CHANNEL: Final = "<|channel|>final<|message|>"
_CHANNEL: Final = "<|channel|>"
_THOUGHT: Final = re.compile(
    r"<(/?)(?:think|thinking|thought|thoughts|reasoning|scratchpad|seed:think)>"
    r"|<\|(begin|end)_of_thought\|>|(\u25c1/?)think\u25b7|\[(/?)THINK\]",
    re.IGNORECASE,
)
_TALK: Final = re.compile(
    r"^[ \t>*#]*(?:user|human|assistant|instruction|response)\b[*]*[ \t]*[:\uff1a]", re.IGNORECASE | re.MULTILINE
)
"""A line that gives the word to somebody."""
_TASK: Final = re.compile(
    r"^[ \t>*#]*(?:problem|question|exercise|task|q|\u95ee\u9898|\u9898\u76ee)[ \t]*(\d{0,3})[.*]*[ \t]*[:\uff1a]",
    re.IGNORECASE | re.MULTILINE,
)
"""A line that sets a task."""


def response(completion: str) -> str:
    """Return what a completion says to the reader; empty where its thinking never ends."""
    return _before_next_turn(_behind_thinking(_one_turn(completion)))


def _one_turn(text: str) -> str:
    if _CHANNEL in text:
        at = text.rfind(_FINAL_CHANNEL)
        return "" if at < 0 else _END.split(text[at + len(_FINAL_CHANNEL) :], maxsplit=1)[0]
    start = 0
    if not any(sign in text for sign in _SIGNS):
        return text
    for token in _END.finditer(text):
        if token[0] == "[/INST]":
            start = token.end()  # what stands before it is the prompt
            continue
        if text[start : token.start()].strip():
            return text[start : token.start()]
        if _OTHER.match(text, token.end()):
            return ""
        role = _ROLE.match(text, token.end())
        start = role.end() if role else token.end()
    return text[start:]


def _behind_thinking(text: str) -> str:
    if not any(word in text for word in _THINKING):
        return text
    begun, behind = False, 0
    for tag in _THOUGHT.finditer(text):
        closes = tag[1] == "/" or tag[2] == "end" or (tag[3] or "").endswith("/") or tag[4] == "/"
        if closes:
            behind = tag.end()
        begun = not closes
    return "" if begun else text[behind:]


def _before_next_turn(text: str) -> str:
    begins = len(text) - len(text.lstrip())
    for talk in _TALK.finditer(text) if any(word in text for word in _TALKERS) else ():
        if talk.start() > begins:
            text = text[: talk.start()]
            break
    tasks = list(_TASK.finditer(text)) if any(word in text for word in _TASKS) else []
    marked = first_mark(text) if tasks else -1
    if marked < 0:
        return text
    is_series = tasks[0].start() <= begins and tasks[0][1] != ""  # of the completion's own
    for task in tasks:
        if task.start() >= marked and not (is_series and task[1]):
            return text[: task.start()]
    return text
