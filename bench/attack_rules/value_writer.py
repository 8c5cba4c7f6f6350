r"""LaTeX of a value, in many spellings that all mean the tree: fractions, products, spaces, brackets, order of terms.

A spelling is drawn once and holds for a whole text. Brackets are set wherever a reader could go wrong: no slash inside
of a product, no product sign left out between digits, arguments of functions in brackets unless they are one sign.
"""

import random
from collections.abc import Sequence

from bench.attack_rules.spelling import Spelling
from bench.attack_rules.tree import TreeNode

ATOM, POWER, PRODUCT, SUM = 4, 3, 2, 1


class ValueWriter:
    """Writes numbers and expressions; each method gives a text, with its binding where it is not that of an atom."""

    def __init__(self, how: Spelling) -> None:
        self.how = how
        self.rng = random.Random(how.shuffled)  # noqa: S311 (a workload, not a secret)

    def text(self, node: TreeNode) -> str:
        """Return the text of a tree."""
        return self.write(node)[0]

    def write(self, node: TreeNode) -> tuple[str, int]:
        """Return the text and how firmly its outermost operation binds."""
        work = getattr(self, f"_{node.op}", None)
        if work is None:
            raise KeyError(node.op)
        found = work(node)
        return (found, ATOM) if isinstance(found, str) else found

    def at_least(self, node: TreeNode, level: int) -> str:
        """Return the text, in brackets where it binds less firmly."""
        text, found = self.write(node)
        return text if found >= level else self.bracket(text)

    def bracket(self, text: str, pair: str = "()") -> str:
        """Return the text between two signs."""
        left, right = ("\\left", "\\right") if self.how.left else ("", "")
        return f"{left}{pair[0]}{text}{right}{pair[1]}"

    def joined(self, texts: Sequence[str], sign: str = ",") -> str:
        """Return texts with a sign between them."""
        return (sign if self.how.tight else f"{sign} ").join(texts)

    def listed(self, node: TreeNode) -> str:
        """Return the texts of all parts, with commas."""
        return self.joined([self.text(child) for child in node.args])

    def braced(self, text: str) -> str:
        """Return an argument of a command; a single sign needs no braces."""
        return text if self.how.short and len(text) == 1 else f"{{{text}}}"

    def command(self, name: str) -> str:
        """Return the name of a command, without its backslash where the text is plain."""
        return name if self.how.plain else f"\\{name}"

    # Numbers and letters

    def _num(self, node: TreeNode) -> str:
        return node.name

    _dec = _sym = _words = _choice = _money = _date = _rep = _num

    def _notation(self, node: TreeNode) -> str:
        text = node.name
        for at, slot in enumerate(node.args):
            text = text.replace(f"<{at}>", self.text(slot))
        return text

    def _thousands(self, node: TreeNode) -> str:
        return f"{int(node.name):,}".replace(",", self.how.thousands)

    def _const(self, node: TreeNode) -> str:
        if node.name == "pi":
            return self.command("pi")
        return f"{self.how.upright}{{{node.name}}}" if self.how.upright else node.name

    def _mixed(self, node: TreeNode) -> str:
        whole, top, bottom = (self.text(child) for child in node.args)
        return f"{whole}\\frac{{{top}}}{{{bottom}}}"

    def _group(self, node: TreeNode) -> str:
        return f"{{{self.text(node.args[0])}}}"

    # Sums and products

    def _add(self, node: TreeNode) -> tuple[str, int]:
        terms = list(node.args)
        if self.how.shuffled:
            self.rng.shuffle(terms)
        plus, minus = (" + ", " - ") if self.how.space else ("+", "-")
        text = ""
        for term in terms:
            negative = term.op == "neg"
            inner = self.at_least(term.args[0] if negative else term, PRODUCT)
            sign = (minus if text else "-") if negative else (plus if text else "")
            text += sign + inner
        return text, SUM

    def _neg(self, node: TreeNode) -> tuple[str, int]:
        return "-" + self.at_least(node.args[0], PRODUCT), SUM

    def _pm(self, node: TreeNode) -> tuple[str, int]:
        middle, off = node.args
        before = "" if middle == TreeNode("num", (), "0") else self.at_least(middle, SUM)
        return f"{before}\\pm {self.at_least(off, PRODUCT)}", SUM

    def _mul(self, node: TreeNode) -> tuple[str, int]:
        factors = list(node.args)
        if self.how.shuffled and not any(child.op in {"sum", "prod", "integral", "mixed"} for child in factors):
            self.rng.shuffle(factors)
            factors.sort(key=lambda child: child.op != "num")
        text = ""
        for at, factor in enumerate(factors):
            inner = self._factor(factor, last=at == len(factors) - 1)
            text = text + self._sign(text, inner, factor, factors[at - 1]) + inner if text else inner
        return text, PRODUCT

    def _factor(self, factor: TreeNode, *, last: bool) -> str:
        slash = factor.op == "div" and self.how.frac == "/"
        if factor.op in {"sum", "prod", "integral", "mixed"} and not last:
            return self.bracket(self.text(factor))
        if _may_end_open(factor) and not last:
            return self.bracket(self.text(factor))
        return self.bracket(self.text(factor)) if slash else self.at_least(factor, PRODUCT)

    def _sign(self, before: str, inner: str, factor: TreeNode, previous: TreeNode) -> str:
        digits = inner[0].isdigit() or inner.startswith(("\\frac", "\\dfrac", "\\tfrac"))
        bracket_behind_letter = inner.startswith(("(", "\\left(")) and not before[-1].isdigit()
        needed = digits or bracket_behind_letter or factor.op in {"mixed", "fact", "dfact"} or previous.op == "mixed"
        if needed or (factor.op == "pow" and previous.op == "pow"):
            return self.how.times or "\\cdot "
        if self.how.times:
            return self.how.times
        return " " if before[-1].isalpha() and inner[0].isalpha() else ""

    def _div(self, node: TreeNode) -> tuple[str, int] | str:
        top, bottom = node.args
        if self.how.frac == "/":
            return f"{self.at_least(top, POWER)}/{self.at_least(bottom, ATOM)}", PRODUCT
        first, second = self.text(top), self.text(bottom)
        if self.how.short and first.isdigit() and second.isdigit() and len(first) == len(second) == 1:
            return f"{self.how.frac}{first}{second}"
        return f"{self.how.frac}{{{first}}}{{{second}}}"

    def _pow(self, node: TreeNode) -> tuple[str, int]:
        base, exponent = node.args
        if base.op == "fn" and exponent.op == "num" and base.name in {"sin", "cos", "tan"}:
            return f"{self.command(base.name)}{self._exponent(exponent)}{self._argument(base.args[0])}", PRODUCT
        boxed = base.op in {"div", "mixed", "sqrt", "root", "fn", "log", "dec", "binom", "fact", "dfact"}
        text = self.bracket(self.text(base)) if boxed else self.at_least(base, ATOM)
        return f"{text}{self._exponent(exponent)}", POWER

    def _exponent(self, node: TreeNode) -> str:
        text = self.text(node)
        if self.how.plain:
            return f"^{text}" if text.isdigit() or (len(text) == 1 and text.isalpha()) else f"^({text})"
        return f"^{self.braced(text)}"

    # Functions

    def _sqrt(self, node: TreeNode) -> str:
        text = self.text(node.args[0])
        if self.how.plain or self.how.round_roots:
            return f"{self.command('sqrt')}({text})"
        return f"\\sqrt{self.braced(text) if text.isdigit() else f'{{{text}}}'}"

    def _root(self, node: TreeNode) -> str:
        return f"\\sqrt[{self.text(node.args[0])}]{{{self.text(node.args[1])}}}"

    def _argument(self, node: TreeNode) -> str:
        text, level = self.write(node)
        simple = node.op in {"num", "sym", "const", "sqrt"} or (node.op == "div" and self.how.frac != "/")
        if simple and not self.how.brackets and level == ATOM:
            return f" {text}"
        return self.bracket(text)

    def _fn(self, node: TreeNode) -> tuple[str, int]:
        return f"{self.command(node.name)}{self._argument(node.args[0])}", PRODUCT

    def _log(self, node: TreeNode) -> tuple[str, int]:
        base, inner = node.args
        return f"{self.command('log')}_{{{self.text(base)}}}{self._argument(inner)}", PRODUCT

    def _abs(self, node: TreeNode) -> str:
        return self.bracket(self.text(node.args[0]), "||")

    def _floor(self, node: TreeNode) -> str:
        return self._open("\\lfloor ", node, "\\rfloor")

    def _ceil(self, node: TreeNode) -> str:
        return self._open("\\lceil ", node, "\\rceil")

    def _open(self, before: str, node: TreeNode, after: str) -> str:
        left, right = ("\\left", "\\right") if self.how.left else ("", "")
        return f"{left}{before}{self.text(node.args[0])} {right}{after}"

    def _fact(self, node: TreeNode) -> tuple[str, int]:
        return f"{self.at_least(node.args[0], ATOM)}!", POWER

    def _dfact(self, node: TreeNode) -> tuple[str, int]:
        return f"{self.at_least(node.args[0], ATOM)}!!", POWER

    def _binom(self, node: TreeNode) -> str:
        return f"\\binom{{{self.text(node.args[0])}}}{{{self.text(node.args[1])}}}"

    def _called(self, node: TreeNode) -> str:
        return f"\\{node.op}" + self.bracket(self.listed(node))

    _gcd = _max = _min = _called

    def _lcm(self, node: TreeNode) -> str:
        return "\\operatorname{lcm}" + self.bracket(self.listed(node))

    def _mod(self, node: TreeNode) -> tuple[str, int]:
        return f"{self.at_least(node.args[0], PRODUCT)} \\bmod {self.at_least(node.args[1], ATOM)}", SUM

    def _sum(self, node: TreeNode) -> tuple[str, int]:
        return self._big("\\sum", node), PRODUCT

    def _prod(self, node: TreeNode) -> tuple[str, int]:
        return self._big("\\prod", node), PRODUCT

    def _big(self, command: str, node: TreeNode) -> str:
        low, high, body = node.args
        return f"{command}_{{{node.name}={self.text(low)}}}^{{{self.text(high)}}} {self.at_least(body, PRODUCT)}"

    def _integral(self, node: TreeNode) -> tuple[str, int]:
        low, high, body = node.args
        d = "\\mathrm{d}" if self.how.upright else "d"
        inner = self.at_least(body, PRODUCT)
        return f"\\int_{{{self.text(low)}}}^{{{self.text(high)}}} {inner}\\,{d}{node.name}", SUM


def _may_end_open(node: TreeNode) -> bool:
    r"""Say whether a factor behind this one could be read into a function's argument: `2\ln x` before `\pi`."""
    return node.op in {"fn", "log"} or (node.op == "mul" and any(map(_may_end_open, node.args)))
