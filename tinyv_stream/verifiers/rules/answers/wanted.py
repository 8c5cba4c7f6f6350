r"""Asked quantities of a question: the clauses that ask, the names that stand in them alone, the quantity that heads them.

`bears` decides whether a name in front of an answer may go: `P(A) = 0.3` for "find `P(A)`", `r = 3` for a remainder. A
name that a question does not bear makes a verdict uncertain, whatever value stands behind it:

- One name among those that the clause has by themselves, or in apposition to its quantity: `n` in "the number `n`".
- By convention: the letter of the quantity (`V` of a volume), or an unknown that the question does not use.
- Everything, where the question names nothing at all ("Compute the value.").
"""
# ruff: noqa: E501 one alternation is one line

import functools
import re
from typing import Final

import msgspec

from tinyv_stream.verifiers.rules.answers import computations, conventions
from tinyv_stream.verifiers.rules.answers.relations import label
from tinyv_stream.verifiers.rules.answers.words import mentions
from tinyv_stream.verifiers.rules.maths.clean import clean
from tinyv_stream.verifiers.rules.maths.tree import words as table

_SENTENCE: Final = re.compile(r"(?<=[.?!;])\s+|(?<=:)\s+(?=[A-Z][a-z])|\n\s*\n")
_ASK: Final = re.compile(
    r"\b(?:find|determine|compute|calculate|evaluate|give|state|solve|simplify|express|write|estimate|expand|factor\w*|"
    r"rationali[sz]e|reduce|rewrite|differentiate|integrate|identify|name|describe|choose|select|what|how|which|who|convert|prove|show|(?<!the )(?<!a )list|work out|approximate|\Awhere|"
    r"when(?= (?:do|does|did|will|is|are|was|were)\b))\b",
    re.IGNORECASE,
)
_ASIDE: Final = re.compile(
    r",?\s(?:if|given|where|when|with|whose|such that|so that|assuming|provided|knowing|using|for which|having|(?<!probability )(?<!likelihood )(?<!chance )that)\b",
    re.IGNORECASE,
)
_BLANK: Final = re.compile(r"(?:\\?_){2,}|\\underline|\(\s*\\?q*u?a?d*\s*\)|[=:]\s*\??\s*\Z|\bis\s*\??\s*\Z")
_THEN: Final = re.compile(r"\b(?:then|so)\b", re.IGNORECASE)
_FORMULA: Final = re.compile(r"\$\$?([^$]+)\$\$?|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_PLAIN: Final = re.compile(
    r"(?<![\w\\^+*/=(<>'|{}-])(?:\\angle\s*|\\triangle\s*|∠\s*)?"
    r"([B-HJ-Zb-hj-z]'*|[a-zA-Z]'*\([^()]{1,20}\)|[A-Za-z]_\{?\w{1,4}\}?|[A-Z]{2,4}|a(?=\s*[.?,]|\s*\Z))"
    r"(?![\w^(_{'])(?!\s*(?:[+*/=<>^|]|-(?![a-z]{3})|\\(?:cdot|times|le|ge)))"
)
_PLAIN_FORMULA: Final = re.compile(
    r"\A(?:find|compute|determine|calculate|evaluate|what is)\s+([^\s$]+)\s*[.?]?\Z", re.IGNORECASE
)
_OF: Final = re.compile(r"\b(?:of|in|on|for|to|between|from|at)\b|'s\b", re.IGNORECASE)
_JOINED: Final = re.compile(r"(?:[\s,$]|\band\b|\bor\b|\bthe\b|\bits\b|\btotal\b)*")
_SOLVED: Final = re.compile(
    r"\bsolve\b|\bsolutions?\b|\broots?\b|\bzeros?\b|\bzeroes\b|\bvalues\b|\bintegers?\b|\bnumbers?\b|\bprimes?\b|"
    r"\bequations?\b|\binequalit|\bcongruence|\bdomain\b|\brange\b|\bset\b|\bsystem\b|\bintervals?\b|\bangles\b|\bpairs\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[A-Za-z]+")
_SAYS_NOTHING: Final = table(
    "the a an value values answer answers result find compute calculate evaluate determine what is are it give state "
    "solve simplify write all real exact exactly express your final please show following this in of for to and as"
)
_LETTER: Final = re.compile(r"(?<![A-Za-z\\])[b-zB-HJ-Z](?![A-Za-z])")
_ACTS: Final = re.compile(r"\b(?:does|do|did|is|are|can|has|have|will|must)\b", re.IGNORECASE)
_GIVEN_AWAY: Final = (
    r"(?<![-A-Za-z\\+*/^\d)}])(?<![-+*/] )#\s*\$?\s*"
    r"(?:=\s*-?(?:\d[\d.,]*|\\(?:frac\{\d+\}|sqrt)\{\d+\})\s*(?![A-Za-z(^\\\d+*/{-])|\b(?:be|denotes?|represents?)\b)"
)
_WORD_CHARS: Final = 4
_MOST: Final = 4_000


class AskedNames(msgspec.Struct, frozen=True):
    """What a question asks for: its asking clauses, their quantities, and the names that may stand for the answer."""

    clauses: tuple[str, ...]
    """From the word that asks to the condition, one per sentence that asks."""
    heads: frozenset[str]
    """Quantities that head a clause, or that its formula is the notation of."""
    names: frozenset[str]
    """Names that clauses have by themselves, as `relations.label` spells them."""
    defined: frozenset[str]
    """Quantities by which the question says what these names are: `let n be the smallest ...`."""
    counts: bool
    """It asks how many."""
    counts_solutions: bool
    """It asks how many solutions, roots or values, which themselves go by the name of an unknown."""
    solves: bool
    """It asks for unknowns: no quantity heads a clause, nothing is counted, and there is something to solve."""
    says_nothing: bool
    """It names nothing at all: "Compute the value."."""


@functools.lru_cache(maxsize=1024)
def wanted(question: str) -> AskedNames:
    """Return what a question asks for."""
    clauses = _clauses(question[:_MOST])
    heads: set[str] = set()
    names: set[str] = set()
    counts = False
    for clause in clauses:
        found, at = _heads(clause)
        worked_out = {name for formula in formulas(clause) if (name := conventions.of_formula(formula))}
        heads |= found or worked_out
        counts = counts or conventions.COUNT.search(clause) is not None
        names |= _names(clause, found, at)
    said = {word.lower() for word in _WORD.findall(question[:_MOST])}
    nothing = said <= _SAYS_NOTHING and not any(char in question for char in "$\\+=^")
    defined = frozenset[str]().union(*(_definition(name, question) for name in names))
    unknowns = any(conventions.COUNTS_SOLUTIONS.search(clause) for clause in clauses)
    solves = not heads and not counts and any(_SOLVED.search(clause) for clause in clauses)
    return AskedNames(clauses, frozenset(heads), frozenset(names), defined, counts, unknowns, solves, nothing)


def bears(name: str, question: str, variable: str = "") -> bool:  # noqa: PLR0911, C901 (one way out per ground)
    """Say whether a question bears a label, as the name of what it asks for; `name` as `relations.label` spells it."""
    asked = wanted(question)
    if asked.says_nothing or name.startswith("("):  # a tuple of names has its order checked
        return True
    if name.isalpha() and (len(name) >= _WORD_CHARS or conventions.quantity(name)):
        return _is_said(name, asked) or conventions.is_name_of(name, asked.heads, asked.clauses)
    if name in asked.names or (not variable and any(of.startswith(f"{name}(") for of in asked.names)):
        return True
    if name.startswith("\\") and any(computations.is_asked(name, clause) for clause in asked.clauses):
        return True
    if asked.names and not asked.counts:
        return conventions.is_other_name(name, asked.names, asked.clauses)
    if conventions.is_name_of(name, asked.heads, asked.clauses):
        return not _is_given_away(name, question)
    if "(" in name or "_" in name or "'" in name:
        return False
    if mentions(question, name):
        return asked.solves or not asked.clauses
    if asked.counts_solutions:
        return name in conventions.COUNTS
    if name in conventions.UNKNOWNS and not asked.heads & conventions.COORDINATES:
        return name == "x" or asked.counts or asked.heads <= conventions.EXTREMES
    return asked.solves and len(name) == 1 and (name == "S" or _LETTER.search(question) is None)


def _is_given_away(name: str, question: str) -> bool:
    """Say whether a question gives a letter to something: `let m be the median`, `r = 5`."""
    return re.search(_GIVEN_AWAY.replace("#", re.escape(name)), question[:_MOST]) is not None


def _is_said(words: str, asked: AskedNames) -> bool:
    """Say whether words, without their spaces, are those of a clause that asks; a quantity has to head one."""
    quantity = conventions.quantity(words)
    if quantity:
        return quantity in asked.heads
    return any(words in "".join(_WORD.findall(clause)).lower() for clause in asked.clauses)


def heads_subject(words: str, question: str) -> bool:
    """Say whether the quantity of a subject, `The width` of "The width is 22", is one that the question asks for."""
    asked = wanted(question)
    found, _ = _heads(words)
    return not found or asked.says_nothing or bool(found & (asked.heads | asked.defined))


def formulas(clause: str) -> list[str]:
    """Return the formulas of a clause."""
    return [_inside(match) for match in _FORMULA.finditer(clause)]


def _inside(formula: re.Match[str]) -> str:
    return formula[1] or formula[2] or formula[3]


def _definition(name: str, question: str) -> frozenset[str]:
    """Return the quantities by which a question says what a letter is: `let n be the smallest ...`."""
    found = re.search(rf"(?<![A-Za-z]){re.escape(name)}\s*\$?\s+(?:be|is|denotes?)\s+([^.;]{{1,80}})", question[:_MOST])
    return _heads(found[1])[0] if found else frozenset()


def own_formulas(clause: str) -> list[str]:
    """Return the formulas of a clause that are asked for themselves: not `f` of "the maximum of `f`"."""
    heads, at = _heads(clause)
    own = [match for match in _FORMULA.finditer(clause) if not _is_of(clause, heads, at, match.start())]
    return [_inside(match) for match in own] + ([] if own else _PLAIN_FORMULA.findall(clause)[:1])


def _clauses(question: str) -> tuple[str, ...]:
    """Return what follows the first word that asks in each sentence, up to a condition."""
    sentences = [part.strip() for part in _SENTENCE.split(question) if part.strip()]
    found: list[str] = []
    for sentence in sentences:
        asks = _ASK.search(sentence)
        if asks is None:
            continue
        clause = sentence[asks.start() :]
        aside = _ASIDE.search(clause, asks.end() - asks.start())
        found.append(clause[: aside.start()] if aside else clause)
    last = sentences[-1] if sentences else ""
    if last and not _ASK.search(last) and (_BLANK.search(last) or (last.endswith("?") and not found)):
        then = _THEN.search(last)
        found.append(last[then.end() :] if then else last.rpartition(", ")[2])
    return tuple(found)


def _heads(clause: str) -> tuple[frozenset[str], int]:
    """Return the quantities that head a clause, and where the last of them ends; several only if they are joined."""
    found: set[str] = set()
    end = 0
    for match in conventions.QUANTITY.finditer(clause):
        if found and not _JOINED.fullmatch(clause, end, match.start()):
            break
        found.add(conventions.quantity_of(match[0]))
        end = match.end()
    return frozenset(found), end


def _names(clause: str, heads: frozenset[str], at: int) -> set[str]:
    """Return the names that a clause has by themselves; behind a quantity, only those that are not what it is of."""
    found: set[str] = set()
    for match in _FORMULA.finditer(clause):
        if clause[match.end() : match.end() + 1] == "-" or _is_of(clause, heads, at, match.start()):
            continue  # `$y$-intercept`, the sum of `$a$`
        text = clean(_inside(match)).strip(" .,;?")
        parts = re.split(r"\s*(?:,|\\text\s*\{\s*and\s*\})\s*", text)
        found |= {named[0] for part in parts if part and (named := label(part.removesuffix("=").strip()))}
    for match in _PLAIN.finditer(_FORMULA.sub(lambda m: " " * len(m[0]), clause)):
        named = label(clean(match[1]))
        if named is not None and not _is_of(clause, heads, at, match.start()):
            found.add(named[0])
    return found


def _is_of(clause: str, heads: frozenset[str], at: int, start: int) -> bool:
    """Say whether what stands at `start` is what the quantity of a clause, or its count, is of."""
    count = conventions.COUNT.search(clause)
    if count is not None and _ACTS.search(clause, count.end(), start):
        return True
    opaque = bool(heads - conventions.TRANSPARENT) or count is not None
    return opaque and _OF.search(clause, at, start) is not None
