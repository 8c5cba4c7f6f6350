r"""Boxes that nobody says to be the answer: supposed ones, those of somebody else, and instructions that are echoed.

`If the answer were \boxed{5}` supposes it, `one might think it is \boxed{5}` gives another's view, `put your answer in
\boxed{5}` says the question again. A condition of the work itself (`if x = 6, the answer is \boxed{42}`) changes
nothing, nor does a writer who puts his own answer in (`so I write my answer in \boxed{42}`).
"""
# ruff: noqa: E501, RUF001 one alternation is one line; quotation marks of other scripts are meant

import re
from typing import Final

from tinyv_stream.verifiers.rules.extract.supposed_elsewhere import supposes_elsewhere

_END: Final = r"[\s$*({\\\[:]*\Z"
_THING: Final = (
    r"(?:(?:the|our|my|your|this|that) )?(?:(?:correct|final|right|true|actual) )?"
    r"(?:answers?|results?|values?|solution|total|sum|product|number|it|this|that|we (?:had|got|have|get)|you (?:had|got|get))"
)
_SUPPOSED: Final = re.compile(
    rf"\b(?:if|suppose|supposing|assum(?:e|ing)|imagin(?:e|ing)|pretend(?:ing)?|let(?:'s| us) say|\A\W*say|what if|unless|even if|whether|as if|as though|in case|provided|only given)(?:,? for (?:now|contradiction|the moment|a moment|the sake of argument),?)?(?: that)?,? {_THING}"
    rf"(?: (?:is|was|were|be|to be|equals?|equal(?:l)?ed|should be|would be|had been|came out as))?{_END}",
    re.IGNORECASE,
)
_SUBJECT: Final = re.compile(
    r"\b(?:if|suppose|supposing|assum(?:e|ing)|imagin(?:e|ing)|pretend(?:ing)?|what if|unless|even if|whether|provided)(?: that)?,? "
    rf"(?:the|its|this|that|our|an?) (?:(?!(?:is|are|was|has|then|so|we)\b)[a-z]+ ){{1,4}}(?:is|was|were|be|equals?|equal(?:l)?ed|to be){_END}",
    re.IGNORECASE,
)
"""A box right behind the first verb of a condition: `assuming the minimum is`."""
_UNREAL: Final = re.compile(
    rf"(?:\A\W*(?:had|were|should)\b|\bif\b[^.!?\n]*\b(?:had|were|did)\b|\bif (?:we|you|one|I) \w+ed\b)[^.!?\n]*(?:\bwould|['’]d) (?:then )?(?:be|have been|equal|give|get|become|write|say|answer|put|box|have){_END}",
    re.IGNORECASE,
)
_WOULD: Final = re.compile(rf"\bwould (?:then )?(?:be|have been|equal|give){_END}", re.IGNORECASE)
_IF_ONLY: Final = re.compile(r"[\s$*)}\]\\]*,?\s*(?:only )?(?:if|had|were|unless|provided)\b", re.IGNORECASE)
_OTHERS: Final = re.compile(
    r"\b(?:one|someone|somebody|anyone|some|people|students?|many|others|(?:an?|the|my|your|his|her) (?:\w+ )?(?:reader|student|solver|guesser|calculator|friend|person|classmate|beginner|teacher|tutor|professor|colleague|neighbou?r|brother|sister|mother|father|(?:text)?book|internet|forum|website))"
    r" (?:(?:might|may|could|would|can|will|often|easily|wrongly) ){0,2}(?:be (?:tempted|inclined|led) to )?(?:thinks?|says?|said|guess(?:es)?|believes?|concludes?|claims?|expects?|answers?|writes?|supposes?|argues?|gets?)\b"
    rf"[^.;!?\n]{{0,50}}{_END}",
    re.IGNORECASE,
)
_MISTAKE: Final = re.compile(
    r"\b(?:common|typical|frequent|usual|classic|easy|popular|tempting|incorrect) (?:\w+ )?(?:mistakes?|errors?|traps?|misconceptions?|slips?|pitfalls?|approach|wrong answers?)\b"
    rf"(?:(?!\b(?:but|so|and|we|whereas|while)\b)[^.,;:!?\n]){{0,40}}{_END}",
    re.IGNORECASE,
)
_MAY_BE: Final = re.compile(
    rf"\b(?:may|might|could|can|cannot|can't) (?:\w+ )?be (?:\w+ )?that {_THING} (?:is|was|were|equals?){_END}",
    re.IGNORECASE,
)
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
    r"(?<!in the required )(?<!in the boxed )(?<!in the desired )(?<!in the correct )\b(?:format|template|placeholder|syntax)\b[^.;!?\n]{0,40}"
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
    + r"|\b(?:sample|example|dummy) (?:output|answer|response|reply|solution)s?(?: (?:is|are|would be|could be|might be|looks like|like))?"
    + _END
    + r"|\b(?:an?|the|any) (?:output|answer|response|reply) (?:like|such as)(?: this)?"
    + _END
    + r"|(?:\A|\bformat )\W*examples?\W{0,2}:\W*(?:[\"“][^\"”\n]{0,60})?"
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
    r"""(?:\b(?:must|should|ought to|shall|ha(?:ve|s) to|needs? to|(?:am|is|are|was|were) to|supposed to|told|asked|required|instructed|instructions?|prompt|format|template|muss|soll(?:te)?|debo|debe|dev[oe]|hay que|dois|doit|faut|bisogna|moet|powinien|muszę|должен|должна|нужно|надо|следует)\b|必须|必須|应该|應該|需要|要求|べき|必要|해야)"""
    r"""[^"“”„«»「」\n!?]{0,80}(?:"([^"\n]{1,300})"|[“„]([^”“\n]{1,300})[”“]|«([^»\n]{1,300})»|「([^」\n]{1,300})」|(?<!\w)'([^'\n]{1,300})'(?!\w)|`([^`\n]{1,300})`|‘([^’\n]{1,300})’)""",
    re.IGNORECASE,
)
_HINTS: Final = ("if", "suppos", "said", "assum", "imagin", "pretend", "say", "unless", "whether", "had", "were", "would", "think", "guess", "believe", "conclude", "claim", "expect", "answer", "write", "argue", "that", "put", "place", "give", "present", "return", "enclose", "provide", "format", "template", "include", "output", "intermediate", "partial", "preliminary", "auxiliary", "provisional", "interim", "example", "instance", "e.g", "such as", "like this", "guess", "told", "asked", "case", "must", "should", "submit", "box", "wrap", "enter", "state", "express", "show", "report", "type", "get", "as in", "though", "may", "might", "could", "can", "want", "need", "have to", "placeholder", "syntax", "prompt", "common", "typical", "frequent", "usual", "classic", "easy", "popular", "tempting", "incorrect")  # fmt: skip
_QUOTES: Final = "\"“„«「`‘'"
_SAYS_SOMETHING: Final = re.compile(r"(?<![\\\w{])[^\W\d_]{2,}[\s:][^\"]*(?:box|\d)|[一-鿿぀-ヿ가-힣].*(?:box|\d)")
"""Words in front of a box or a number: a sentence, and not the value alone."""
_SENTENCE_END: Final = re.compile(r"(?<!e\.g)(?<!i\.e)[.!?](?=\s)|\n|[。！？]")
_NEAR: Final = 200


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


def supposes(before: str, behind: str) -> bool:
    """Say whether the sentence of a box supposes its value, gives it as another's, or is an instruction."""
    if _BEHIND.match(behind):
        return True
    said = before[-_NEAR:]
    ends = [match.end() for match in _SENTENCE_END.finditer(said)]
    said = said[ends[-1] :] if ends else said
    low = said.lower()
    if supposes_elsewhere(said, low, behind):
        return True
    if not any(hint in low for hint in _HINTS):
        return False
    if _WOULD.search(said) and _IF_ONLY.match(behind):
        return True
    every = (
        _SUPPOSED,
        _SUBJECT,
        _UNREAL,
        _OTHERS,
        _MAY_BE,
        _YOURS,
        _TOLD,
        _PASSIVE,
        _FORMAT,
        _PARTIAL,
        _EXAMPLE,
        _MISTAKE,
    )
    return any(pattern.search(said) for pattern in every)
