"""The part of a completion that speaks to the reader: without thinking, end tokens and a next turn that it made up."""
# ruff: noqa: E501 one alternation is one line; the letters of other scripts are meant

import re
from typing import Final

from tinyv_stream.verifiers.rules.extract.words import first_mark

_END: Final = re.compile(
    r"<\|(?!/?(?:(?:begin|end|start)_(?:of_)?(?:thought|think)\w*|think\w*|begin_of_\w+|start_response|channel|message|constrain)\|>)"
    r"[a-z]\w{2,40}\|>"
    r"|</s>|<(?:eos|eoa|eod|pad|sep|end_of_turn|start_of_turn|end_of_utterance|reserved_\d+|special_\d+|extra_id_\d+)>"
    r"|<\|turn>|<turn\|>|<\uff5c[^\uff5c<>\n]{2,40}\uff5c>|\[/?INST\]|\[EOS\]|\[\|\w{3,20}\|\]|\[UNUSED_TOKEN_\d+\]",
    re.IGNORECASE,
)
"""Tokens that end a turn, or begin another: every special token but those of thinking, channels and the answer itself."""
_ANGLED: Final = ("|>", "</s>", "<e", "<E", "<pad", "<s", "<S", "<r", "<|", "\uff5c>")
_SQUARE: Final = ("INST]", "[EOS]", "[|", "_TOKEN_")
"""Parts of what the expression above looks for: a text without any of them need not be searched."""
_ROLE: Final = re.compile(
    r"(?:\s*(?:assistant|model|chatbot)\s*(?:<\|(?:end_header_id|header_end|message|im_middle)\|>|\n|:))?\s*",
    re.IGNORECASE,
)
_OTHER: Final = re.compile(r"\s*(?:user|human|system)\b", re.IGNORECASE)
_OTHERS_TOKEN: Final = re.compile(r"user|human|system", re.IGNORECASE)
_FINAL_CHANNEL: Final = "<|channel|>final<|message|>"
_CHANNEL: Final = "<|channel|>"
_THOUGHT: Final = re.compile(
    r"<[ \t]{0,3}(/?)[ \t]{0,3}(?:seed:)?(?:think|thinking|thoughts?|reasoning|scratchpad|analysis|reflection|inner_?(?:thoughts?|monologue))"
    r"(?:\s[^<>\n]{0,60})?[ \t]{0,3}>"
    r"|<\|(begin|end|start)_(?:of_)?think\w*\|>|<\|(begin|end)_of_thought\|>|<\|(/?)think\w*\|>|(\u25c1/?)think\u25b7|\[(/?)THINK\]",
    re.IGNORECASE,
)
_THINKING: Final = (
    "hink",
    "HINK",
    "hought",
    "HOUGHT",
    "easoning",
    "EASONING",
    "cratchpad",
    "nalysis",
    "eflection",
    "inner",
)
_CONTAINER: Final = re.compile(
    r"</?(?:output|response|solution|result|final|conclusion|final_response)>", re.IGNORECASE
)
_USER: Final = r"user|human|instruction|usuario|usuário|utilisateur|nutzer|benutzer|пользователь|用户|ユーザー|사용자|المستخدم|उपयोगकर्ता|ব্যবহারকারী|صارف"
_TALK: Final = re.compile(
    r"\n(?=[^\n:\uff1a]{2,40}[:\uff1a])[ \t>*#]*(?:(?P<user>"
    + _USER
    + r")|assistant|response|asistente|assistente|ассистент|助手|アシスタント|المساعد|सहायक)(?!\w)[*]*[ \t]*[:\uff1a]",
    re.IGNORECASE,
)
"""A line that gives the word to somebody."""
_TASK: Final = re.compile(
    r"\n(?:(?=[^\n:\uff1a]{1,40}[:\uff1a])[ \t>*#]*(?:(?:next|new|another|second)[ \t]+)?(?:problem|question|exercise|task|q|input|student|teacher"
    r"|pregunta|problema|ejercicio|pergunta|exercício|problème|exercice|frage|aufgabe|domanda|pertanyaan|soal"
    r"|вопрос|задача|问题|题目|問題|質問|문제|질문|प्रश्न|सवाल|(?:ال)?سؤال|سوال|প্রশ্ন)"
    r"[ \t]*(\d{0,3})[.*]*[ \t]*[:\uff1a]"
    r"|#+[ \t]*(?:problem|question|exercise)[ \t]+(\d{1,3})[*]*[ \t]*(?=\n|$)"
    r"|[ \t>*]*(?:please |now )?(?:solve|compute|find|calculate|evaluate) (?:this|the) (?:next|following)\b)",
    re.IGNORECASE,
)
"""A line that sets a task."""
_TASK_INSIDE: Final = re.compile(r"(?:Question|QUESTION|Problem|PROBLEM)[ \t]*(\d{0,3})()[ \t]*:")
_FULL_STOP: Final = re.compile(r"[.!?][ \t]+(?:Next )?$")


def response(completion: str) -> str:
    """Return what a completion says to the reader; empty where its thinking never ends."""
    said = _before_next_turn(_behind_thinking(_one_turn(completion)))
    return _CONTAINER.sub("\n", said) if "</" in said else said


def _one_turn(text: str) -> str:
    if _CHANNEL in text:
        at = text.rfind(_FINAL_CHANNEL)
        return "" if at < 0 else _END.split(text[at + len(_FINAL_CHANNEL) :], maxsplit=1)[0]
    start = 0
    if not (
        ("<" in text and any(sign in text for sign in _ANGLED))
        or ("[" in text and any(sign in text for sign in _SQUARE))
    ):
        return text
    for token in _END.finditer(text):
        if token[0] == "[/INST]":
            start = token.end()  # what stands before it is the prompt
            continue
        if text[start : token.start()].strip():
            return text[start : token.start()]
        if _OTHER.match(text, token.end()) or _OTHERS_TOKEN.search(token[0]):
            return ""
        role = _ROLE.match(text, token.end())
        start = role.end() if role else token.end()
    return text[start:]


def _behind_thinking(text: str) -> str:
    if not any(sign in text for sign in ("<", "\u25c1", "[THINK")) or not any(word in text for word in _THINKING):
        return text
    begun, behind = False, 0
    for tag in _THOUGHT.finditer(text):
        closes = tag[1] or tag[4] or tag[6] or "/" in (tag[5] or "") or (tag[2] or tag[3] or "").lower() == "end"
        if closes:
            behind = tag.end()
        begun = not closes
    return "" if begun else text[behind:]


def _before_next_turn(text: str) -> str:
    text = _own_turn(text)
    begins = len(text) - len(text.lstrip())
    tasks = _tasks(text)
    marked = first_mark(text) if tasks else -1
    if marked < 0:
        return text
    is_series = tasks[0].start() <= begins and _number(tasks[0]) != ""  # of the completion's own
    for task in tasks:
        if task.start() >= marked and not (is_series and _number(task)):
            return text[: task.start()]
    return text


def _own_turn(text: str) -> str:
    """Return what stands before the line that gives the word to somebody; behind it where the text begins with one."""
    begins = len(text) - len(text.lstrip())
    start = 0
    for talk in _TALK.finditer("\n" + text):  # the line begins where the line end is in the longer text
        if start == 0 and talk.start() <= begins and talk["user"]:
            start = len(text)  # of the user: the writer's own turn is still to come
        elif start == len(text) and not talk["user"]:
            start = talk.end() - 1
        elif talk.start() > begins and start < len(text):
            return text[start : talk.start()]
    return text[start:]


def _tasks(text: str) -> list[re.Match[str]]:
    """Return where tasks are set: at the start of a line, or behind a full stop."""
    inside = [
        found
        for found in (_TASK_INSIDE.finditer(text) if "uestion" in text or "roblem" in text else ())
        if _FULL_STOP.search(text, max(0, found.start() - 9), found.start())
    ]
    return sorted([*_TASK.finditer("\n" + text), *inside], key=lambda found: found.start())


def _number(task: re.Match[str]) -> str:
    return task[1] or task[2] or ""
