"""Answers drawn from a grammar of what models write, and bytes that nobody writes; seeded."""
# ruff: noqa: RUF001
# Signs that look like others are part of what is drawn.

import random
from collections.abc import Iterator
from typing import Final


def _table(text: str) -> tuple[str, ...]:
    """Return the entries of `text`, which two spaces or a line end part."""
    return tuple(entry for line in text.strip().splitlines() for entry in line.strip().split("  "))


_ATOMS: Final = _table(r"""
0  1  2  -3  7  12  144  1,000  0.5  .25  3.14  1e5  2e-3  x  y  n  k  a  b  C  A  B  e  i  \pi  \theta  \alpha
\infty  \mathrm{e}  \mathbf{i}  \text{cm}  10^{10}  2^{2023}  52!  \emptyset  \mathbb{R}  \ldots  ...  '  °  ½  ²
∞  −  ×  €5  \$3  5\%  30^\circ  9:45  0.(3)  0.\overline{3}  0.333\ldots  12_7  FF_{16}
""")
_UNARY: Final = _table(r"""
\sqrt{%s}  \frac{%s}{2}  \sin %s  \ln(%s)  |%s|  \lfloor %s \rfloor  (%s)  [%s]  \{%s\}  -%s  %s!  \text{%s}
\mathrm{%s}  \mathbf{%s}  \boxed{%s}  $%s$  %s^2  x = %s  %s \text{ cm}  %s\%  \left(%s\right)  \vec{%s}  \log_2 %s
\sqrt[3]{%s}  \overline{%s}  The answer is %s.  **%s**  \begin{cases}%s\end{cases}  \gcd(%s, 6)  \int_0^1 %s dx
\sum_{k=1}^{n} %s  %s \pmod 7  \pm %s  %s base 3  f(x)=%s  x \in %s  %s \text{ or } 3  \mathbb{R}\setminus\{%s\}
\int x^{%s}\,dx  \lim_{x \to 0} %s  \int_1^2 \frac{%s}{t}\,dt  \prod_{k=1}^{5} %s
\lim_{n \to \infty} \sqrt[n]{%s}  \phantom{%s}  ~~%s~~
""")
_BINARY: Final = _table(r"""
%s+%s  %s-%s  %s\cdot %s  %s/%s  \frac{%s}{%s}  %s^{%s}  %s, %s  (%s,%s)  [%s, %s)  %s < %s  %s \le x \le %s
%s = %s  %s:%s  %s \cup %s  %s%s  %s %s  \binom{%s}{%s}  \begin{pmatrix}%s&%s\\1&2\end{pmatrix}  %s; %s  %s_%s
%s \text{ and } %s  \max\{%s,%s\}  \text{%s: }%s  \{%s | %s\}  %s \approx %s  %s \ne %s
\int_{%s}^{%s} t^2\,dt  \det \begin{pmatrix}%s&1\\2&%s\end{pmatrix}  \int \frac{%s}{%s} dx  %s \cdot 1\frac{1}{2} %s
""")
_SPLICES: Final = (
    *_table("\\  {  }  (  )  ^  _  \\frac  \\text{  é  ٣  '  !!!!!!!!!  ,  |  &"),
    "",
    " ",
    "\x00",
    "\ud800",
)
QUESTIONS: Final = (
    "",
    "Find all x.",
    "How many students are there?",
    "For positive integers n, find the sum.",
    "At what time?",
    "Find z in radians.",
    "Solve for x and y.",
    "Berechne 1,5 + 2.",
    "Which is right? (A) 1 (B) 2 (C) 3",
    "Find the ratio.",
    "Find the length in cm.",
)


def answers(rng: random.Random) -> Iterator[str]:
    """Yield answers without an end: of the grammar, damaged ones, and random bytes."""
    while True:
        text = _draw(rng, 0)
        roll = rng.random()
        if roll < 0.3:
            text = damaged(text, rng)
        elif roll < 0.4:
            text = bytes(rng.randrange(256) for _ in range(rng.randrange(60))).decode("utf-8", "surrogateescape")
        yield text[:2_000]


def damaged(text: str, rng: random.Random) -> str:
    """Return `text` with a piece lost, doubled or put in."""
    at, end = sorted(rng.randrange(len(text) + 1) for _ in range(2))
    return rng.choice((text[:at] + text[end:], text[:end] + text[at:], text[:at] + rng.choice(_SPLICES) + text[at:]))


def _draw(rng: random.Random, depth: int) -> str:
    roll = rng.random()
    if depth > 4 or roll < 0.35:
        return rng.choice(_ATOMS)
    if roll < 0.65:
        return rng.choice(_UNARY).replace("%s", _draw(rng, depth + 1), 1)
    left, right = _draw(rng, depth + 1), _draw(rng, depth + 1)
    return rng.choice(_BINARY).replace("%s", left, 1).replace("%s", right, 1)
