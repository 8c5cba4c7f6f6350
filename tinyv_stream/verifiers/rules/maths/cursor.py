"""Place in a list of tokens: what is next, what must be next, subscripts and degree signs."""

from typing import NoReturn

from tinyv_stream.verifiers.rules.maths.tree import Unreadable


class Cursor:
    """One pass over the tokens; `at` is the next one."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.bars = 0
        self.bound = 0

    def peek(self) -> str:
        """Return the next token, empty at the end."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        """Return the next token and pass it; raise Unreadable at the end."""
        token = self.peek()
        if not token:
            raise Unreadable("the text ends early")
        self.at += 1
        return token

    def expect(self, token: str) -> None:
        """Pass `token`; raise Unreadable if another one is next."""
        if self.take() != token:
            raise Unreadable(f"{token} is missing")

    def degree(self) -> bool:
        """Pass a degree sign; say whether there was one."""
        at = self.at
        if self.tokens[at : at + 1] == ["\\circ"]:
            self.at = at + 1
            return True
        if self.tokens[at : at + 3] == ["{", "\\circ", "}"]:
            self.at = at + 3
            return True
        return False

    def subscript(self) -> str:
        """Return a subscript with its line, empty if there is none."""
        if self.peek() != "_":
            return ""
        self.take()
        if self.peek() != "{":
            return "_" + self.take()
        self.take()
        parts: list[str] = []
        while self.peek() != "}":
            parts.append(self.take())
        self.take()
        return "_" + "".join(parts)

    def marked(self, name: str) -> str:
        r"""Return the name of `\vec{a}`, `\overrightarrow{AB}` or `\bar{z}`; raise Unreadable for a mark over more."""
        self.expect("{")
        letter = self.take()
        if name == "vec" and letter.isupper() and self.peek().isupper():
            letter += self.take()
        self.expect("}")
        if not letter.strip("\\").isalpha():
            raise Unreadable(f"a mark over {letter}")
        return ("\\vec " if name == "vec" else "\\bar ") + letter + self.subscript()

    def _deep(self) -> NoReturn:
        raise Unreadable("too deep")
