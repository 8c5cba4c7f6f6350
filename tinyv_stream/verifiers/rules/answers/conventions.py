r"""Letters by which mathematics calls a quantity: `V` a volume, `\sigma^2` a variance, `r` a radius or a remainder.

A name is a convention of one quantity only: `r` says nothing of a diameter. What a question asks for is `wanted`'s.
"""
# ruff: noqa: E501 one table is one line

import re
from typing import Final

from tinyv_stream.verifiers.rules.maths.tree import words as table

_TABLE: Final = r"""
area | areas | A S K T \Delta
perimeter | perimeters | P p L
semiperimeter | | s p
circumference | circumferences | C
volume | volumes; capacity | V
surface | | S A
radius | radii | r R \rho
diameter | diameters | d D
length | lengths; how long; segment; chord; hypotenuse; diagonal; distance; how far; side | l L d s x a c
width | widths; breadth; how wide | w b
height | heights; altitude; how tall; how high; depth; how deep | h H
perpendicular | | h d
speed | speeds; velocity; how fast; pace | v s u
time | times; how much time; duration; what time | t T
acceleration | | a g
force | | F
energy | work | E W U
power | | P
mass | masses; weight; weigh; how heavy | m w M W
density | | \rho d
temperature | | T t
current | | I
voltage | | V U
resistance | | R
charge | | q Q
frequency | | f \nu
wavelength | | \lambda
period | | T p P
amplitude | | A a
rate | | r R k
cost | costs; price; prices; how much; pay; paid; charge; fee; fare; worth | C c p P x
profit | | P p
loss | | L
interest | | I
principal | | P
income | salary; wage; wages; earnings | I
age | ages; how old | x a A
probability | probabilities; chance; likelihood | P p
variance | | \sigma^2 s^2 V Var Var(X) V(X) D(X) \Var(X)
standard deviation | deviation | \sigma s SD \sigma(X) \sigma_X
mean | average; averages; expected value; expectation | \mu \bar{x} \barx \bar{X} m M E E(X) E[X] A x
median | | m M
mode | modes |
range | | R
sum | sums; total | S s \Sigma
product | products | P p
difference | differences | d D
quotient | quotients | q Q
remainder | remainders; residue | r R
ratio | ratios; proportion; odds | r k q R
fraction | |
percentage | percent | p P
slope | slopes; gradient | m k
intercept | intercepts | b c
numerator | |
denominator | |
maximum value | maximum; max; greatest; largest; biggest; highest; maximal | M \max
minimum value | minimum; min; least; smallest; lowest; minimal | m \min
limit | limits | L l
inverse | inverse function; inverse matrix | a^-1 b^-1 m^-1 f^-1 g^-1 h^-1 y
derivative | derivatives; differential | f' y' g' h' f'' y'' f''' y''' f^{(4)} f^{(n)}
integral | integrals; antiderivative; antiderivatives; primitive | I F J
determinant | determinants | D \det \Delta
discriminant | | D \Delta
trace | | tr t
rank | | r
degree | | n d \deg
angle | angles; measure; inclination | A B C D x y \theta \alpha \beta \gamma \phi \varphi
arc | | s l L
base | bases | b
coefficient | coefficients | a c C k
constant | constants | k c C
exponent | exponents | n k x
eccentricity | | e
correlation | | r \rho
score | scores | x
greatest common divisor | gcd; greatest common factor; gcf; highest common factor | d g
least common multiple | lcm; lowest common multiple | m l L
eigenvalues | eigenvalue | \lambda
cardinality | |
"""


def _rows() -> list[tuple[str, tuple[str, ...], frozenset[str]]]:
    found: list[tuple[str, tuple[str, ...], frozenset[str]]] = []
    for line in _TABLE.strip().splitlines():
        name, words, letters = (part.strip() for part in line.split("|"))
        found.append((name, tuple(w.strip() for w in words.split(";") if w.strip()), frozenset(letters.split())))
    return found


_ROWS: Final = _rows()
_CANONICAL: Final = {word: name for name, words, _ in _ROWS for word in (name, *words)}
_LETTERS: Final = {name: letters for name, _, letters in _ROWS}
QUANTITY: Final = re.compile(
    r"\b(?:" + "|".join(sorted(map(re.escape, _CANONICAL), key=len, reverse=True)) + r")\b(?! numbers?\b)",
    re.IGNORECASE,
)
"""A word for a quantity."""
COUNT: Final = re.compile(r"\bhow many\b|\bnumber of\b|\bhow much (?!time\b)\w+s\b", re.IGNORECASE)
"""What asks for a count."""
COUNTS_SOLUTIONS: Final = re.compile(
    r"\b(?:how many|number of)\b[^.?]{0,40}\b(?:solutions?|roots?|zeros?|zeroes|values|intersections?)\b", re.IGNORECASE
)
"""A count of what itself goes by the name of an unknown."""
TRANSPARENT: Final = frozenset({"length", "angle"})
"""Quantities that go by the name of what they are of: the length of `AB` is `AB`."""
EXTREMES: Final = frozenset({"maximum value", "minimum value"})
COORDINATES: Final = frozenset({"intercept", "slope"})
"""Quantities beside which `x` is a coordinate and no unknown."""
COUNTS: Final = frozenset("nN")
UNKNOWNS: Final = frozenset("xnNk")
_OPERATOR: Final = re.compile(r"\A\s*\\?(int|lim|det|sum|prod)(?![A-Za-z])")
_OPERATORS: Final = {"int": "integral", "lim": "limit", "det": "determinant", "sum": "sum", "prod": "product"}
_SEGMENTS: Final = re.compile(r"(?<![A-Za-z])[A-Z]{2,}")
_SEGMENT: Final = re.compile(r"\|?[A-Z]{2}\|?")
_CHOSEN: Final = re.compile(r"C\((\d+),(\d+)\)")
_AT: Final = re.compile(r"[fghy]'\((-?[\w.]{1,6})\)")
_EVENT: Final = re.compile(r"(?:P|Pr|\\Pr)\(([A-Za-z]{4,})\)")
_LARGEST: Final = re.compile(r"([a-z]{3,8}imum|[a-z]{3,7}est|max|min)([a-z])")
_AUXILIARIES: Final = table("is are was were be the a an will")
_FUNCTIONS: Final = re.compile(r"y|[fgh]")
_INDEXED: Final = re.compile(r"([A-Za-z])_\{?\\?(\w+)\}?")
_ORDINALS: Final = {
    "first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "sixth": "6", "seventh": "7", "eighth": "8",
    "ninth": "9", "tenth": "10", "eleventh": "11", "twelfth": "12", "fifteenth": "15", "twentieth": "20",
}  # fmt: skip
_EXTREMES: Final = {
    "max": "maximum value",
    "min": "minimum value",
    "maximum": "maximum value",
    "minimum": "minimum value",
}
_TERMS: Final = table("term terms element member")
_SOUGHT: Final = re.compile(
    r"\b(matrix|set|vector|point|vertex|cent(?:er|re)|midpoint|intersection|coordinates|function|polynomial|plane|line|"
    r"sequence|formula|number|integer|digit|prime|expression|expand|interval|domain|edges)\b",
    re.IGNORECASE,
)
_OBJECTS: Final = {
    "matrix": "A B C M P X", "set": "S A B M D X", "vector": "v u w a b x n", "point": "P Q M A X", "vertex": "V",
    "center": "C O M", "centre": "C O M", "midpoint": "M", "intersection": "P Q M A", "coordinates": "P Q M A V C O",
    "function": "f g h y F", "polynomial": "p f P Q q g y", "plane": "", "line": "y", "sequence": "a_n u_n", "formula": "a_n f y",
    "number": "n N x a", "integer": "n N k m x a", "digit": "d x n", "prime": "p n", "expression": "E f y", "expand": "f",
    "interval": "I x", "domain": "D x", "edges": "|E| E",
}  # fmt: skip


def quantity_of(word: str) -> str:
    """Return the one name of a quantity: `how far` is a length."""
    return _CANONICAL[word.lower()]


def quantity(word: str) -> str:
    """Return the one name of a quantity; empty for another word."""
    return _CANONICAL.get(word.lower(), "")


def of_formula(formula: str) -> str:
    """Return the quantity that a formula works out; empty for none."""
    found = _OPERATOR.search(formula)
    return _OPERATORS[found[1]] if found else ""


def is_name_of(name: str, heads: frozenset[str], clauses: tuple[str, ...]) -> bool:
    r"""Say whether a label is a conventional name of a quantity or an object that is asked for: `V`, `a_{10}`."""
    if any(name in _LETTERS[head] for head in heads):
        return True
    if (largest := _LARGEST.fullmatch(name)) is not None and quantity(largest[1]) in heads:
        return any(re.search(rf"(?<![A-Za-z]){largest[2]}(?![A-Za-z])", clause) for clause in clauses)
    return any(_is_of_clause(name, heads, clause) for clause in clauses)


def _is_of_clause(name: str, heads: frozenset[str], clause: str) -> bool:  # noqa: PLR0911 (one per kind of name)
    """Say whether a label says what a clause says: `P(both red)`, `C(6,2)`, `f'(2)`, a segment, an object, a term."""
    if heads == frozenset({"probability"}) and (event := _EVENT.fullmatch(name)) is not None:
        said = "".join(word for word in re.findall(r"\w+", clause) if word not in _AUXILIARIES)
        return event[1] in said
    if (chosen := _CHOSEN.fullmatch(name)) is not None:
        return set(chosen.groups()) <= set(re.findall(r"\d+", clause))
    if heads == frozenset({"derivative"}) and (at := _AT.fullmatch(name)) is not None:
        return re.search(rf"\bat\W*(?:[a-z]\s*=\s*)?{re.escape(at[1])}(?![\w.^])", clause) is not None
    if heads == frozenset({"length"}) and _SEGMENT.fullmatch(name) and not _SEGMENTS.search(clause):
        return True
    if (indexed := _INDEXED.fullmatch(name)) is not None and _is_indexed(indexed, heads, clause):
        return True
    if len(name) == 1 and re.search(rf"(?<![A-Za-z]){name}\$?-(?:intercept|coordinate)", clause):
        return True
    return not heads and any(name in _OBJECTS[found.lower()].split() for found in _SOUGHT.findall(clause))


def _is_indexed(found: re.Match[str], heads: frozenset[str], clause: str) -> bool:
    """Say whether `a_{10}` is the tenth term that is asked for, `n_max` the largest one, `S_{10}` a sum of ten."""
    letter, index = found.groups()
    if index in _EXTREMES:
        return _EXTREMES[index] in heads
    said = {word.lower() for word in re.findall(r"[A-Za-z]+|\d+", clause)}
    said |= {_ORDINALS[word] for word in said if word in _ORDINALS}
    if index == "n":
        return letter in "aub" and bool(said & {"general", "nth", "formula", "sequence"})
    if index not in said or not (said & _TERMS):
        return False
    return letter == "S" if "sum" in heads else letter in "atu" and not heads


def is_other_name(name: str, names: frozenset[str], clauses: tuple[str, ...]) -> bool:
    r"""Say whether a label is another name of the only one that is asked for: `y` of `f(x)`, `n_{\max}` of `n`."""
    if len(name) == 2 and name.isupper() and name[::-1] in names:
        return True
    if len(names) != 1:
        return False
    of = next(iter(names))
    indexed = _INDEXED.fullmatch(name)
    if indexed is not None and indexed[1] == of and indexed[2] in _EXTREMES:
        return any(_is_indexed(indexed, frozenset({_EXTREMES[indexed[2]]}), clause) for clause in clauses)
    return name == "y" and _FUNCTIONS.fullmatch(of.removesuffix("^-1")) is not None
