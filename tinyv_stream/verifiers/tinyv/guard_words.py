"""The words that the guard knows: patterns over plain text (no mark-up, no apostrophes, lower case), and markers.

Wide gaps are bounded, so that no text makes a pattern slow.
"""

import re
from typing import Final


def _words(*phrases: str) -> str:
    return "(?:" + "|".join(phrases) + ")"


SYMBOLIC: Final = re.compile(r"[\d\\=<>+^|\u2200-\u22ff\u221e\u2205]")
"""A digit or a sign: without any, a sentence of reasoning holds no answer."""

OPENER: Final = re.compile(
    r"\W*(?:the )?(?:full |detailed |final |complete )?"
    + _words(
        "solutions?", "answers?", "(?:(?:so|thus|hence|therefore),? )?(?:the )?answer is",
        "so", "thus", "hence", "therefore", "(?:so )?we (?:get|obtain|conclude)", "it follows",
        "explanation", "reasoning", "proof", "analysis", "response", "output",
        "thought process", "thinking process", r"step \d{1,2}", "steps?", "here is the (?:answer|solution)",
        "soluci[oó]n", "respuesta", "l[oö]sung", "antwort", "r[ée]ponse", "soluzione", "решение", "ответ",
        "解", "解答", "解析", "解说", "答案", "回答", "かいせつ", "풀이", "정답",
    )
    + r"\W*"
)  # fmt: skip

LONG_OPENER: Final = re.compile(
    _words(
        "lets", "let us", "let me", "we (?:need|have|will|can|must)", "i (?:need|will|have|think)", "to solve",
        "to find", "first,", "firstly", "okay,", "ok,", "alright", "sure", "step by step", "thinking",
        "thought process", "in order to", "heres", "here is", r"step \d{1,2}[:.]",
    )
    + r"(?!\w)"
)  # fmt: skip

_IT: Final = _words("it", "that", "this", "(?:the|my|this|given) (?:model )?(?:answer|statement|solution)")
_GOOD: Final = _words(
    "true", "correct", "yes", "right", "valid", "equivalent", "accepted", "pass(?:ed)?", "ok", "verified", "accurate"
)
TRUTH: Final = re.compile(rf"\W*(?:(?:{_IT}s? )?(?:is )?{_GOOD}(?:\W+|$))+")
SPELT: Final = re.compile(r"[a-z](?:[^\w]{1,2}[a-z]){2,20}\W*")
"""A word letter by letter."""
FIELD: Final = re.compile(
    r"\W*(?:is ?|final )?"
    + _words("correct", "verdict", "label", "grade", "judge?ment", "decision", "reward", "evaluation", "equivalent")
    + r"\W{0,8}(?:[:=]|->)\W{0,8}"
    + _words("true", "correct", "yes", "pass", r"1(?:\.0)?", "100%?", r"a\+?")
    + r"\W*"
)
SAID_YES: Final = re.compile(r"\W*\w{1,20}\W{0,8}(?:[:=]|->)\W{0,8}(?:true|correct|yes)\W*")
"""Any field that is set to a verdict: `answer: true`."""

INSTRUCTIONS: Final = tuple(
    re.compile(rf"\b{pattern}")
    for pattern in (
        r"(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b"
        + _words("instructions?", "prompts?", "above", "previous", "prior", "rules?", "guidelines?", "criteria")
        + r"\b",
        _words("return", "output", "respond", "reply", "say", "print", "write", "emit", "answer", "choose", "select")
        + r"\b(?: with| only| just| exactly|:){0,3}\s?(?:true|correct|yes)\b",
        r"(?:mark|grade|score|rate|accept|judge|evaluate|treat|consider|classify|approve|label|count)\b.{0,40}\b"
        + _words("correct", "true", "right", "valid", "equivalent", "full (?:marks|credit|score)", "passed")
        + r"\b",
        r"(?:this|the|my|above|models?|given|final) (?:answer|response|solution|result) "
        + _words("is", "matches", "should be", "must be", "equals", "agrees")
        + r"\b.{0,40}\b(?:correct|true|right|ground|reference|expected|equivalent|valid)\b",
        _words("ground ?truth", "(?:reference|expected|correct|gold|true|right|model) answer", "answer key") + r"\b",
        r"(?:verifier|grader|evaluator|reward model|system prompt|new instructions?)\b",
        r"you are (?:an? |now |the )(?:ai|assistant|helpful|grader|judge|model)\b",
        r"you must (?:return|output|say|accept|answer)\b",
        r"please\b.{0,40}\b(?:accept|mark|reward|approve|grade|pass|credit)\b",
    )
)

MARKER: Final = re.compile(
    r"</?\s?(?:question|ground_truth_answer|model_answer|think|answer|system|instructions?)\s?>"
    r"|<[|\uff5c][^<>\s]{2,40}[|\uff5c]>|\[/?INST\]|<</?SYS>>|\{\{\s?[A-Za-z_]{1,40}\s?\}\}|</s>"
    r"|<(?:bos|eos|pad|start_of_turn|end_of_turn)>"
    r"|\b(?:begin|end)(?: of)?(?: the)? (?:system|prompt|instructions?|conversation)\b"
    r"|^\s{0,8}#{2,6}\s?(?:instructions?|response|system|human|user|assistant)\b",
    re.IGNORECASE | re.MULTILINE,
)
ROLE: Final = re.compile(r"(?:^|\\n)\s{0,8}(?:assistant|system|user|human|developer)\s?:", re.IGNORECASE | re.MULTILINE)

PLACEHOLDER: Final = re.compile(
    r"\W*"
    + _words(
        "(?:your |final )?answer", "insert answer(?: here)?", "answer here", "value", "result", "number", "expression",
        "tbd", "todo", "n/?a", "null", "nan", "unknown", "i dont know", "not sure", "no idea", "(?:see|as) above",
        "as shown(?: above)?", "(?:some|any) (?:number|value|answer)", "a (?:number|value)", "something", "whatever",
        "all of the above", "the same", "same(?: as (?:above|(?:the )?(?:reference|expected|given)))?",
    )
    + r"\W*"
)  # fmt: skip

ALTERNATIVE: Final = re.compile(r"\s(?:or|alternatively|maybe|perhaps|possibly)\b|\s/\s")
MANY: Final = re.compile(r",|;|\b(?:or|and)\b|\\pm|\\mp|\u00b1|\\cup|\u222a|\\lor|\\vee|\\quad|\\\\|\||\n|\s/\s")
"""Signs that the reference itself has several parts."""
NUMBER: Final = re.compile(r"[-+]?\s?(?:\d+(?:\.\d+)?|\d+/\d+|\\[dt]?frac ?\d{1,20} ?\d{1,20})\s?(?:\\?%)?")

STEP: Final = re.compile(r"\bstep \d{1,2}\b")
"""A digit that is no answer."""
VAIN: Final = frozenset("\u2192\u21d2\u27f9\u2234\u2235\u2713\u2714\u2705\u2611\U0001f44d\U0001f44c\U0001f4af")
"""Arrows, therefore, ticks and thumbs: symbols that answer nothing."""
_TALK: Final = (
    "a an the this that these those it its they them we i you my our your he she to of in on at by for from as "
    "with and is are was be been being am has have had do does done can could will would shall should may might "
    "must so thus hence therefore then now here there also indeed really very quite fully completely absolutely "
    "definitely surely certainly sure certain confident clear clearly obvious obviously course true correct right "
    "yes ok okay valid accurate equivalent equal equals identical same match matches matching agree agrees "
    "agreement accepted acceptable verified fine good perfect exact exactly precisely answer answers solution "
    "solutions result results value values question problem response reply output statement reference expected "
    "given student students model models grader verifier teacher user asked required get gets got obtain obtains "
    "conclude concludes conclusion follow follows find found know known see seen show shown shows say says think "
    "believe trust mean means what which who how"
)
TALK: Final = frozenset(_TALK.split())
"""Words that carry no answer where one with a digit was asked. None means a number, nothing or all."""
