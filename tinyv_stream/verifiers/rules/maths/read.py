r"""Reader of one expression, LaTeX or plain, into a tree. Precedence climbing over one token list.

- Bounded: at most `tokens.MAX_TOKENS` tokens and `MAX_DEPTH` levels; beyond is `Unreadable`.
- Understands + - * / ^ ! |x|, implicit products, mixed numbers, fractions, roots, named functions, subscripts,
  logarithms with a base, binomials, degrees. Sums, integrals, limits, matrices and words are `Unreadable` here.
- `1/2x` is (1/2)x, as computer algebra reads it; letters stand alone, so `ab` is a product.
"""

from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.maths.cursor import Cursor
from tinyv_stream.verifiers.rules.maths.tokens import tokenize
from tinyv_stream.verifiers.rules.maths.tree import (
    BINDERS,
    FUNCTIONS,
    Node,
    Num,
    Op,
    Sym,
    Unreadable,
    ends_in_power,
    ends_in_whole,
    is_proper,
    is_ratio,
    product_of,
    rename,
    words,
)

MAX_DEPTH: Final = 50
MAX_DIGITS: Final = 400

_LETTERS: Final = words(
    r"\pi \infty \alpha \beta \gamma \delta \varepsilon \zeta \eta \theta \iota \kappa \lambda \mu \nu \xi \rho "
    r"\sigma \tau \upsilon \varphi \chi \psi \omega \Gamma \Delta \Theta \Lambda \Xi \Pi \Sigma \Phi \Psi \Omega \ell"
)
_NO_PRODUCT: Final = words(r"+ - * ** / ^ _ ! ) } ] , ' % : \} \cdot \times \div \% \rfloor \rceil")
_FUNCTION_LETTERS: Final = frozenset("fghFGH")
_BAR: Final = "|"
_CLOSERS: Final = {"(": ")", "[": "]", "{": "}", "\\{": "\\}"}


def read(text: str) -> Node:
    """Return the tree of a cleaned expression; raise Unreadable where any part is not understood."""
    reader = _Reader(tokenize(text))
    node = reader.sum(0)
    if reader.at != len(reader.tokens):
        raise Unreadable("text behind the expression")
    return node


class _Reader(Cursor):
    """The grammar; each method reads one level of it."""

    def sum(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise Unreadable("too deep")
        terms = [self.product(depth + 1)]
        while self.peek() in {"+", "-"}:
            sign = self.take()
            term = self.product(depth + 1)
            terms.append(Op("neg", (term,)) if sign == "-" else term)
        return terms[0] if len(terms) == 1 else Op("add", tuple(terms))

    def product(self, depth: int) -> Node:
        if self.peek() in {"+", "-"}:
            sign = self.take()
            inner = self.product(depth + 1) if depth <= MAX_DEPTH else self._deep()
            return Op("neg", (inner,)) if sign == "-" else inner
        left = self.power(depth)
        while True:
            token = self.peek()
            if token in {"*", "\\cdot", "\\times"}:
                self.take()
                left = product_of(left, self.mixed(depth))
            elif token in {"/", "\\div"}:
                self.take()
                left = Op("div", (left, self.signed(depth)))
                if self.peek() == "\\frac" and self.tokens[self.at - 1].isdigit():
                    raise Unreadable("a mixed number or a product")
            elif token and token not in _NO_PRODUCT and not (token == _BAR and self.bars):
                left = self.juxtaposed(left, depth)
            else:
                return left

    def signed(self, depth: int) -> Node:
        if self.peek() in {"+", "-"}:
            sign = self.take()
            inner = self.signed(depth + 1) if depth <= MAX_DEPTH else self._deep()
            return Op("neg", (inner,)) if sign == "-" else inner
        return self.power(depth)

    def mixed(self, depth: int) -> Node:
        r"""Read a factor behind a sign: `2 \cdot 1\frac{1}{2}` is 2 times 3/2."""
        node = self.signed(depth)
        inner = node.args[0] if isinstance(node, Op) and node.name == "neg" else node
        if self.peek() == "\\frac" and isinstance(inner, Num) and self.tokens[self.at - 1].isdigit():
            found = self.juxtaposed(inner, depth)
            node = found if inner is node else Op("neg", (found,))
        return node

    def juxtaposed(self, left: Node, depth: int) -> Node:
        """Read what follows without an operator: a mixed number, or a product."""
        before, start = self.tokens[self.at - 1], self.at
        right = self.power(depth)
        whole = isinstance(left, Num) and left.places is None
        if self.tokens[start] == "\\frac" and is_ratio(right) and before != ")":
            if whole and is_proper(right) and before != "}":
                return Op("add", (left, right))
            if whole or ends_in_whole(left):
                raise Unreadable("a mixed number or a product")
        if whole and self.tokens[start].isdigit():
            if self.peek() == "/" and self.at + 1 < len(self.tokens) and self.tokens[self.at + 1].isdigit():
                self.take()
                if is_proper(part := Op("div", (right, self.power(depth)))):
                    return Op("add", (left, part))
            raise Unreadable("two numbers side by side")
        if self.tokens[start][0].isdigit() and before[0].isdigit() and not ends_in_power(left):
            raise Unreadable("two numbers side by side")
        return product_of(left, right)

    def power(self, depth: int) -> Node:
        base = self.postfix(self.atom(depth + 1))
        if self.peek() not in {"^", "**"}:
            return base
        self.take()
        if self.degree():
            return self.postfix(Op("mul", (base, Op("div", (Sym("\\pi"), Num(Fraction(180)))))))
        return self.postfix(Op("pow", (base, self.exponent(depth + 1))))

    def exponent(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self._deep()
        if self.peek() == "-":
            self.take()
            return Op("neg", (self.exponent(depth + 1),))
        return self.power(depth)

    def postfix(self, node: Node) -> Node:
        while self.peek() == "!":
            self.take()
            node = Op("fact", (node,))
        return node

    def atom(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self._deep()
        token = self.take()
        if token[0].isdigit() or token[0] == ".":
            return _number(token)
        if token in _CLOSERS:
            inner = self.sum(depth)
            self.expect(_CLOSERS[token])
            return inner
        if token in {"|", "\\abs"}:
            return self.absolute(token, depth)
        if token in _LETTERS or (len(token) == 1 and token.isalpha()):
            return self.letter(token, depth)
        return self.command(token, depth)

    def letter(self, token: str, depth: int) -> Node:
        r"""Read a letter with its subscript; `f(x)` is a call, `C_5^2` counts combinations."""
        subscript = self.subscript()
        while self.peek() == "'":
            subscript += self.take()
        subscript += self.subscript()
        if token in _FUNCTION_LETTERS and self.peek() == "(":
            return Op("call " + token + subscript, self.arguments(depth))
        if token in {"C", "A", "P"} and subscript[1:].isdigit() and self.peek() == "^":
            if token in {"A", "P"}:
                raise Unreadable("a count of arrangements")
            self.take()
            return Op("binom", (Num(Fraction(subscript[1:])), self.group(depth)))
        return Sym(token + subscript)

    def absolute(self, token: str, depth: int) -> Node:
        if token != _BAR:
            return Op("abs", (self.atom(depth),))
        self.bars += 1
        inner = self.sum(depth)
        self.bars -= 1
        self.expect("|")
        return Op("abs", (inner,))

    def command(self, token: str, depth: int) -> Node:  # noqa: PLR0911 (one way out per command)
        name = token[1:]
        if name in {"frac", "binom"}:
            return Op("div" if name == "frac" else name, (self.group(depth), self.group(depth)))
        if name == "sqrt":
            if self.peek() == "[":
                self.take()
                index = self.sum(depth)
                self.expect("]")
                return Op("root", (self.group(depth), index))
            return Op("sqrt", (self.group(depth),))
        if name in {"lfloor", "lceil"}:
            inner = self.sum(depth)
            self.expect("\\r" + name[1:])
            return Op(name[1:], (inner,))
        if name in {"floor", "ceil"}:
            return Op(name, (self.atom(depth),))
        if name in FUNCTIONS:
            return self.function(name, depth)
        if name in BINDERS:
            return self.series(name, depth)
        if name in {"vec", "bar", "overline"}:
            return Sym(self.marked(name))
        raise Unreadable(token)

    def series(self, name: str, depth: int) -> Node:
        r"""Read `\sum_{k=1}^{n} k^2`; the bound letter gets a name by its place, so that any letter may be written."""
        self.expect("_")
        self.expect("{")
        letter = self.take()
        if len(letter) != 1 or not letter.isalpha():
            raise Unreadable("a sum over something else")
        self.expect("=")
        low = self.sum(depth)
        self.expect("}")
        self.expect("^")
        high = self.group(depth)
        body = self.product(depth)
        self.bound += 1
        new = f"#{self.bound}"
        return Op(name, (rename(body, {letter: new}), Sym(new), low, high))

    def function(self, name: str, depth: int) -> Node:
        base: Node | None = None
        power: Node | None = None
        for _ in range(2):
            if self.peek() == "_" and name == "log":
                self.take()
                base = self.group(depth)
            elif self.peek() in {"^", "**"}:
                self.take()
                power = self.group(depth)
        args = self.arguments(depth)
        if name in {"max", "min", "gcd", "lcm"}:
            return Op(name, args)
        if len(args) != 1:
            raise Unreadable("a function of several arguments")
        node = Op("logb", (args[0], base)) if base is not None else Op(name, args)
        if power is None:
            return node
        if power == Op("neg", (Num(Fraction(1)),)):
            if name in {"sin", "cos", "tan", "cot"}:
                return Op("arc" + name, args)
            raise Unreadable("an inverse function")
        return Op("pow", (node, power))

    def arguments(self, depth: int) -> tuple[Node, ...]:
        r"""Read `(a, b)`, or what `\sin 2x` covers: one product without a sign in between."""
        if self.peek() in {"(", "{", "[", "\\{"}:
            close = _CLOSERS[self.take()]
            args = [self.sum(depth)]
            while self.peek() == ",":
                self.take()
                args.append(self.sum(depth))
            self.expect(close)
            return tuple(args)
        arg = self.power(depth)
        while (
            self.peek()
            and self.peek() not in _NO_PRODUCT
            and self.peek()[1:] not in FUNCTIONS
            and self.peek() not in {"(", "|", "["}
        ):
            arg = Op("mul", (arg, self.power(depth)))
        return (arg,)

    def group(self, depth: int) -> Node:
        r"""Read a braced group, or LaTeX's single token: `\frac12` is 1/2."""
        if depth > MAX_DEPTH:
            self._deep()
        token = self.peek()
        if token in {"{", "("}:
            return self.atom(depth + 1)
        if token.isdigit() and len(token) > 1:
            self.tokens[self.at : self.at + 1] = list(token)
        return self.atom(depth + 1)


def _number(token: str) -> Num:
    digits = token.replace("{,}", "").replace(",", "")
    if len(digits) > MAX_DIGITS:
        raise Unreadable("too many digits")
    _, point, decimals = digits.partition(".")
    return Num(Fraction(digits), len(decimals) if point else None)
