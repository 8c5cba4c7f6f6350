"""LaTeX of a whole answer: values, and what contains them."""

from typing import Final

from bench.attack_rules.spelling import PLAIN, Spelling
from bench.attack_rules.tree import TreeNode, of, sym
from bench.attack_rules.units import UNITS
from bench.attack_rules.value_writer import ATOM, POWER, PRODUCT, SUM, ValueWriter


def write(node: TreeNode, how: Spelling = PLAIN) -> str:
    """Return the text of a tree."""
    if node.op in _WITH_COMMAS and how.thousands == ",":
        how = how._replace(thousands="{,}")
    return _Writer(how).text(node)


_WITH_COMMAS: Final = frozenset(("set", "list", "tuple", "interval", "union", "named", "except"))
"""What separates by commas, so that none may stand inside of a number."""


class _Writer(ValueWriter):
    # What contains values

    def _set(self, node: TreeNode) -> str:
        left, right = ("\\left", "\\right") if self.how.left else ("", "")
        return f"{left}\\{{{self.listed(node)}{right}\\}}"

    def _list(self, node: TreeNode) -> str:
        return ", ".join(self.text(child) for child in node.args)

    def _tuple(self, node: TreeNode) -> str:
        return self._list(node) if node.name == "terms" else self.bracket(self.listed(node))

    def _vector(self, node: TreeNode) -> str:
        rows = " \\\\ ".join(self.text(child) for child in node.args)
        return f"\\begin{{pmatrix}} {rows} \\end{{pmatrix}}"

    def _matrix(self, node: TreeNode) -> str:
        rows = " \\\\ ".join(" & ".join(self.text(cell) for cell in row.args) for row in node.args)
        kind = "bmatrix" if self.how.brackets else "pmatrix"
        return f"\\begin{{{kind}}} {rows} \\end{{{kind}}}"

    def _interval(self, node: TreeNode) -> str:
        return self.bracket(self.listed(node), node.name)

    def _union(self, node: TreeNode) -> str:
        return (" \\cup " if self.how.space else "\\cup").join(self.text(child) for child in node.args)

    def _except(self, node: TreeNode) -> str:
        return f"\\mathbb{{R}} \\setminus {self._set(node)}"

    def _named(self, node: TreeNode) -> str:
        equals = " = " if self.how.space else "="
        return ", ".join(f"{child.name}{equals}{self.text(child.args[0])}" for child in node.args)

    def _equation(self, node: TreeNode) -> str:
        return (" = " if self.how.space else "=").join(self.text(child) for child in node.args)

    def _less(self, node: TreeNode) -> str:
        return " < ".join(self.text(child) for child in node.args)

    def _lesseq(self, node: TreeNode) -> str:
        return " \\le ".join(self.text(child) for child in node.args)

    def _ratio(self, node: TreeNode) -> str:
        return (" : " if self.how.space else ":").join(self.at_least(child, POWER) for child in node.args)

    def _time(self, node: TreeNode) -> str:
        hours, minutes = node.args
        return f"{hours.name}:{int(minutes.name):02d}"

    def _unit(self, node: TreeNode) -> str:
        value = self.at_least(node.args[0], PRODUCT)
        if self.how.worded:
            return f"{value} {UNITS[node.name].word}"
        if self.how.upright:
            return f"{value}\\,\\mathrm{{{node.name}}}"
        return (
            f"{value}\\text{{ {node.name}}}"
            if "^" not in node.name
            else f"{value}\\ \\text{{{node.name[:-2]}}}^{node.name[-1]}"
        )

    def _pct(self, node: TreeNode) -> str:
        return f"{self.at_least(node.args[0], POWER)}\\%"

    def _deg(self, node: TreeNode) -> str:
        return f"{self.at_least(node.args[0], ATOM)}^\\circ"

    def _antiderivative(self, node: TreeNode) -> str:
        return f"{self.text(node.args[0])}{' + ' if self.how.space else '+'}C"

    def _base(self, node: TreeNode) -> str:
        return f"{node.name}_{{{node.args[0].name}}}"

    def _solutions(self, node: TreeNode) -> str:
        base, period = node.args
        name = "x = " if self.how.space else ""
        first = self.at_least(base, SUM)
        step = of("mul", sym(node.name), period) if self.how.times else of("mul", period, sym(node.name))
        if period.op in {"const", "sym"}:
            step = of("mul", sym(node.name), period)
        return f"{name}{first}+{self._unmixed(step)}, {node.name}\\in\\mathbb{{Z}}"

    def _unmixed(self, node: TreeNode) -> str:
        text = self.at_least(node, PRODUCT)
        return self.bracket(text) if text.startswith("-") else text

    def _function(self, node: TreeNode) -> str:
        return f"{node.name}{' = ' if self.how.space else '='}{self.text(node.args[0])}"

    def _multiple(self, node: TreeNode) -> str:
        body = self.at_least(node.args[0], PRODUCT)
        sign = self.how.times or ("\\cdot " if body[0].isdigit() else " " if body[0].isalpha() else "")
        return f"y{' = ' if self.how.space else '='}{node.name}{sign}{body}"

    def _vectorsum(self, node: TreeNode) -> str:
        text = ""
        for part, letter in zip(node.args, "ijk", strict=True):
            negative = part.op == "neg"
            size = self.at_least(part.args[0] if negative else part, PRODUCT)
            if size == "0":
                continue
            unit = f"{node.name}{{{letter}}}"
            text += ("-" if negative else "+" if text else "") + size + unit
        return text or "0"

    def _temperature(self, node: TreeNode) -> str:
        return node.name

    def _sci(self, node: TreeNode) -> tuple[str, int]:
        mantissa, _, exponent = node.name.partition("e")
        if self.how.times:
            return f"{mantissa}{self.how.times}10^{{{exponent}}}", PRODUCT
        return node.name, PRODUCT
