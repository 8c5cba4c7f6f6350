r"""A second reader of both texts, which knows nothing of forms: it only asks whether something was left out.

It has a tokenizer of its own and looks at the texts as they came. Each word, command and mark must be accounted for:

- part of mathematics (a function, a letter, a sign), which the first reader compares by value;
- on both sides alike;
- a word of the question, a unit of measure, a number word, or a word that says nothing ("the answer is", "where").

What is left over is named, and then no verdict *correct* is given. It never says that two answers are the same.
"""

import re
from collections import Counter
from typing import Final

from tinyv_stream.verifiers.rules.answers import units
from tinyv_stream.verifiers.rules.maths.tree import words as table

_TOKEN: Final = re.compile(r"\\[A-Za-z]+|\\.|[^\W\d_]{2,}|[^\W\d_]|\d+|[^\s\w]|_", re.DOTALL)
_DOTS: Final = re.compile(r"\.\.\.|\\c?dots(?![a-z])|…")
_GOES_ON: Final = re.compile(r"(?<=\d)\s*\\ldots|(?<=,)\s*\\ldots")
"""Digits that go on, and `k = 0, 1, 2, ...`: the first reader raises `Unreadable` for any other dots."""
_COLOUR: Final = re.compile(r"\\(?:text)?color\s*\{[A-Za-z0-9]*\}")
_MATHS: Final = table(
    "frac dfrac tfrac cfrac sqrt root of over choose binom dbinom tbinom cdot times div pm mp le leq leqslant ge "
    "geq geqslant ne neq lt gt approx equiv in infty cup cap setminus backslash emptyset varnothing mathbb R sum "
    "prod int iint lim to rightarrow Rightarrow forall mid vert lvert rvert lfloor rfloor lceil rceil langle "
    "rangle lbrace rbrace pmod bmod mod gcd lcm max min sin cos tan cot sec csc tg ctg arcsin arccos arctan "
    "arccot sinh cosh tanh coth exp ln log lg det circ degree pi alpha beta gamma delta epsilon varepsilon zeta "
    "eta theta iota kappa lambda mu nu xi rho sigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda "
    "Xi Pi Sigma Phi Psi Omega ell vec hat overrightarrow begin end matrix pmatrix bmatrix cases array aligned "
    "overline bar dot oo inf infinity floor ceil abs imath jmath land lor wedge vee angle triangle boxed e i pow "
    "asin acos atan "
)
_LAYOUT: Final = table(
    "left right big Big bigg Bigg bigl bigr Bigl Bigr displaystyle textstyle limits quad qquad thinspace text "
    "mathrm textbf textit textrm textsf mbox hbox mathbf boldsymbol bm mathit mathsf mathcal operatorname rm bf "
    "it hspace vspace phantom middle large Large small underline color textcolor not colon dollar textdollar "
    "percent prime blacksquare euro ast dots ldots cdots textnormal nonumber hfill medspace null qed top "
)
_SAYS_NOTHING: Final = table(
    "the an this that these it its is are be was of so thus hence therefore we get have has there and or our all "
    "answer answers final value values result solution solutions required correct option choice where for any "
    "each every some integer integers real number numbers constant constants positive natural arbitrary with "
    "approximately about exactly roughly point points set range domain interval respectively when if do does as "
    "in to both by on at then yes no true false st nd rd th only such total altogether usd us const case cases "
    "otherwise given from will unit units whole nonnegative rational different distinct square cubic except "
    "excluding infinite textcirc bigg base quadrant pm am clock celsius fahrenheit degrees degree percent sharp "
    "percentage none length measure precisely takes rose equals equal limit integral determinant took always "
    "convergent divergent converge diverge "
    "dne infinitely many long tall high wide deep old year only wins win player winner "
)
_RUN: Final = re.compile(r"\\q?quad(?=[a-z]_)")
_COUNTED: Final = frozenset({"\\ldots", "\\dots", "\\cdots", "…", "\\not", "‰", "\\partial", "\\nabla"})
_ENDING: Final = re.compile(r"(?:ed|es|s|ing|d|e)\Z")
_STEM: Final = 5


def left_over(gold: str, answer: str, question: str) -> str:
    """Return what nobody accounts for in either text; empty if nothing is left over."""
    ours, theirs = Counter(_tokens(gold)), Counter(_tokens(answer))
    for token in (ours - theirs) + (theirs - ours):
        if not _is_accounted(token, ours, theirs, question):
            return token
    return ""


def _tokens(text: str) -> list[str]:
    text = _RUN.sub(" ", text) if "quad" in text else text
    return _TOKEN.findall(_COLOUR.sub("", _GOES_ON.sub(" ", _DOTS.sub(lambda _m: "\\ldots ", text))))


def _is_accounted(token: str, ours: Counter[str], theirs: Counter[str], question: str) -> bool:
    if token in _COUNTED:
        return False
    if token.startswith("\\"):
        name = token[1:]
        return not name.isalpha() or name in _MATHS | _LAYOUT | {"textcirc", "degree"}
    if not token.isalpha() or len(token) == 1 or not token.isascii():
        return True
    return _is_word_accounted(token, ours, theirs, question)


def _is_word_accounted(word: str, ours: Counter[str], theirs: Counter[str], question: str) -> bool:
    low = word.lower()
    if low == "negative" and "infinity" in ours | theirs:
        return True
    if word in _MATHS or low in _SAYS_NOTHING or units.factor(units.one_name(low)) is not None:
        return True
    if word.isupper() or len(word) <= 3:  # names of points, products of letters
        return True
    borne = {_stem(other) for other in (*ours.keys() & theirs.keys(), *re.findall(r"[A-Za-z]+", question[:4_000]))}
    return _stem(low) in borne or low in _NUMBERS


def _stem(word: str) -> str:
    """Return the first letters of a word, without an ending of a verb or a plural."""
    low = word.lower()
    return (_ENDING.sub("", low) if len(low) > 4 else low)[:_STEM]


_NUMBERS: Final = table(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million "
    "billion trillion second third first fourth "
)
