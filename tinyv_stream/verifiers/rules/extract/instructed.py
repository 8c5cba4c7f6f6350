r"""Instructions that an answer stands in: `put your answer in \boxed{5}`, `the format is \boxed{5}`, an example.

A heading that tells to write the answer (`Write the final answer in the box: \boxed{12}`) is none of them where the
work before it comes to the same value.
"""
# ruff: noqa: E501, RUF001 one alternation is one line; quotation marks of other scripts are meant

import re
from typing import Final

_END: Final = r"[\s$*({\\\[:]*\Z"
_YOURS: Final = re.compile(
    r"\b(?:put|place|write|give|present|return|enclose|provide|box|state|express|include|wrap|format|output|show|submit|report|type|enter)\w*\b"
    r"[^.;!?\n]{0,20}\byour\b[^.;!?\n]{0,40}"
    + _END
    + r"|\byour (?:\w+ )?(?:answer|response|result|solution) (?:should|must|has to|needs to|is to|shall|goes|belongs)\b[^.;!?\n]{0,40}"
    + _END,
    re.IGNORECASE,
)
_TOLD: Final = re.compile(
    r"(?:\A\W*(?:(?:please|now|then|finally|remember to|be sure to|make sure to|do not forget to|don't forget to|always)\b\W*)?|\b(?:please|remember to|asked to|told to|required to|instructed to|supposed to)\s+)"
    r"(?:put|place|write|give|present|return|enclose|provide|state|express|include|wrap|format|output|show|submit|report|type|enter)\s+(?:the|an?|that|its|each)?\s*(?:\w+ )?(?:answer|response|result|solution|number|value)\b[^.;:!?\n]{0,30}\b(?:in|within|inside|as|into|with|using|by)\b[^.;:!?\n]{0,20}"
    + _END,
    re.IGNORECASE,
)
_PASSIVE: Final = re.compile(
    r"\b(?:answer|response|result|solution)\b (?:should|must|has to|have to|needs to|is to|shall|is supposed to|is expected to) be (?:given|written|put|placed|presented|enclosed|provided|stated|boxed|expressed|formatted|wrapped|returned|submitted|entered|in)\b[^.;:!?\n]{0,40}"
    + _END,
    re.IGNORECASE,
)
_FORMAT: Final = re.compile(
    r"(?<!in the required )(?<!in the boxed )(?<!in the desired )(?<!in the correct )\b(?:format|template|placeholder|syntax|schema)\b[^.;!?\n]{0,40}"
    + _END
    + r"|\b(?:should|must|need to|have to|want|wants) [^.;!?\n]{0,60}\bin the (?:form|style|shape)(?: of)?"
    + _END,
    re.IGNORECASE,
)
_EXAMPLE: Final = re.compile(
    r"(?:\b(?:for example|for instance|e\.g\.?|such as|like this|as in)|\b(?:first|initial|rough|wild) guess (?:was|is)"
    r"|\b(?:told|asked|instructed|required|supposed|says|say|said|wants? (?:us|me)|prompt\w*) to (?:answer|write|say|give|put|output|end with|use|reply)),?"
    + _END
    + r"|\b(?:must|should|have to|need to|told to|asked to) (?:end|finish|close|conclude|answer|reply|respond)\b[^.;!?\n]*[\"“][^\"”]*"
    + _END
    + r"|\b(?:sample|example|dummy) (?:output|answer|response|reply|solution)s?(?: (?:is|are|would be|could be|might be|looks like|like|shows|has|gives|reads|says))?"
    + _END
    + r"|\b(?:an?|the|any) (?:output|answer|response|reply) (?:like|such as)(?: this)?"
    + _END
    + r"|\bsomething (?:like|such as)(?: this)?"
    + _END
    + r"|\b(?:example|sample)s? (?:of|for) (?:an?|the) (?:\w+ )?(?:line|answer|output|response|reply|format)\b[^.;!?\n]{0,40}"
    + _END
    + r"|(?:\A|\bformat )\W*examples?\W{0,2}:\W*(?:[\"“][^\"”\n]{0,60})?"
    + _END,
    re.IGNORECASE,
)
_ORDERED: Final = re.compile(
    r"(?<!so )(?<!thus )(?<!hence )(?<!therefore )\b(?:I|we|you) (?:must|should|have to|need to|am to|are to) (?:write|put|output|say|answer|reply|give|respond|return|print)(?: with)?"
    + _END
    + r"|\b(?:tag|format|output|response|reply|answer|message|line)s? (?:should |must |would )?looks? like(?: this)?"
    + _END,
    re.IGNORECASE,
)
_BEHIND: Final = re.compile(
    r"[\s$*)}\]\\]*(?:format\b|is what (?:I|we|you|one) (?:would|might|could)\b|is (?:only )?an example\b)",
    re.IGNORECASE,
)
_PARTIAL: Final = re.compile(
    r"\b(?:an?|the|this) (?:intermediate|partial|preliminary|auxiliary|provisional|interim) (?:result|value|step|answer|sum|product|total)(?:,? (?:is|was|of|we (?:have|get|find|obtain)|comes out as))?"
    + _END,
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(
    r"""(?:\b(?:must|should|ought to|shall|ha(?:ve|s) to|needs? to|(?:am|is|are|was|were) to|supposed to|told|asked|required|instructed|instructions?|prompt|format|template|says|said|states?|reads?|ends|tells?|wants?|rules?|sample|muss|soll(?:te)?|debo|debe|dev[oe]|hay que|dois|doit|faut|bisogna|moet|powinien|muszę|должен|должна|нужно|надо|следует)\b|必须|必須|应该|應該|需要|要求|べき|必要|해야)"""
    r"""[^"“”„«»「」‘\n!?]{0,80}(?:"([^"\n]{1,300})"|[“„]([^”“\n]{1,300})[”“]|«([^»\n]{1,300})»|「([^」\n]{1,300})」|(?<!\w)'([^'\n]{1,300})'(?!\w)|`([^`\n]{1,300})`|‘([^’\n]{1,300})’)""",
    re.IGNORECASE,
)
_QUOTES: Final = "\"“„«「`‘'"
_SAYS_SOMETHING: Final = re.compile(r"(?<![\\\w{])[^\W\d_]{2,}[\s:][^\"]*(?:box|\d)|[一-鿿぀-ヿ가-힣].*(?:box|\d)")
"""Words in front of a box or a number: a sentence, and not the value alone."""

_ORDERS: Final = (_YOURS, _TOLD, _PASSIVE, _FORMAT, _ORDERED)
_COMES: Final = r"(?:=|≈|\b(?:is|are|was|get|got|gives?|giving|yields?|find|found|obtain|equals?|total|totals|have|has|becomes?|of|to|makes?|leaves?|that))"
_WORK: Final = 600
_HINTS: Final = ("put", "place", "writ", "give", "present", "return", "enclose", "provide", "format", "template", "include", "output", "intermediate", "partial", "preliminary", "auxiliary", "provisional", "interim", "example", "instance", "e.g", "such as", "like", "guess", "told", "asked", "must", "should", "submit", "box", "wrap", "enter", "state", "express", "show", "report", "type", "as in", "want", "need", "have to", "placeholder", "syntax", "prompt", "schema", "sample", "dummy", "your", "say", "said", "suppos", "require", "instruct", "shall", "has to", "is to", "expected", "am to", "are to")  # fmt: skip


def without_quoted_instructions(text: str) -> str:
    r"""Return a text without what it quotes as told to it: `I must end with "The answer is \boxed{12}"`.

    A value alone in quotes stays: `it has to be "\boxed{12}"`, and so does what is quoted behind a box: it may take
    that one back. The text keeps its length.
    """
    if not any(mark in text for mark in _QUOTES):
        return text
    first = text.find("boxed")
    return _QUOTED.sub(lambda found: _unquoted(found) if first < 0 or first > found.start() else found[0], text)


def _unquoted(found: re.Match[str]) -> str:
    at = next(n for n in range(1, 8) if found[n] is not None)
    if not _SAYS_SOMETHING.search(found[at]):
        return found[0]
    start, end = found.start(at) - found.start(), found.end(at) - found.start()
    return found[0][:start] + " " * (end - start) + found[0][end:]


def instructs(said: str, before: str, behind: str, value: str) -> bool:
    """Say whether the sentence of a box up to it, `said`, is an instruction, an example, or names a step's value.

    `before` is what stands in front of the box: work in it that comes to `value` makes an instruction a heading.
    """
    if _BEHIND.match(behind):
        return True
    low = said.lower()
    if not any(hint in low for hint in _HINTS):
        return False
    if _EXAMPLE.search(said) or _PARTIAL.search(said):
        return True
    told = [found.start() for pattern in _ORDERS if (found := pattern.search(said))]
    return bool(told) and not _comes_to(before[: len(before) - len(said) + min(told)], value)


def _comes_to(work: str, value: str) -> bool:
    """Say whether a work ends a statement in a value."""
    bare = value.strip("$ ")
    if not bare or len(bare) > 60 or bare not in work:
        return False
    # what stands between the verb and the value, and what may follow it up to the end of the statement
    found = rf"{_COMES}[\s$\\(\[{{*]*{re.escape(bare)}(?![\w^])[$\\)\]}}*]*(?:\s+[a-z]+){{0,3}}\s*(?:[.;,:\n]|\Z)"
    return re.search(found, work[-_WORK:]) is not None
