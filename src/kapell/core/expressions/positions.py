"""Where things stand in a source: Jinja keeps lines only, and authors want the column too.

Tokens are given to Jinja's parser with their offset in the place of the line number, so every node
and every error carries it. The same pass refuses nesting that would exhaust the parser's stack.
"""

from collections.abc import Iterator

from jinja2 import TemplateSyntaxError
from jinja2.lexer import Lexer

from kapell.core.expressions.errors import ExpressionSyntax, ExpressionTooExpensive, Refusal

DEEPEST = 25
_UNARY = frozenset(["not", "-", "+"])
_IGNORED = frozenset(["whitespace", "comment_begin", "comment", "comment_end"])


class Located(Exception):
    """A refusal that knows its offset, raised before there is a tree."""

    def __init__(self, refusal: Refusal, offset: int | None) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.offset = offset or 0  # nodes that Jinja adds by itself have no place


def line_and_column(source: str, offset: int) -> tuple[int, int]:
    """Return line and column, both from 1, of an offset."""
    before = source[: max(offset, 0)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def positioned(lexer: Lexer, source: str, state: str | None) -> Iterator[tuple[int, str, str]]:
    """Yield offset, kind and text of every token.

    Raises:
        Located: The text is not made of tokens, or they nest too deeply.
    """
    at, nesting = 0, _Nesting()
    try:
        for _, kind, text in lexer.tokeniter(source, None, None, state):
            at = source.index(text, at)  # only blanks are ever left out in between
            if kind not in _IGNORED and nesting.deeper(kind, text) > DEEPEST:
                message = "The expression is nested too deeply"
                raise Located(Refusal(ExpressionTooExpensive, message), at)
            yield at, kind, text
            at += len(text)
    except TemplateSyntaxError as error:
        message = (error.message or "This cannot be read").split(" at ")[0]
        refusal = Refusal(ExpressionSyntax, message[0].upper() + message[1:])
        raise Located(refusal, at) from None


class _Nesting:
    """How deep the parser must go at one token."""

    def __init__(self) -> None:
        self.brackets = self.statements = self.unary = self.otherwise = 0
        self.opening = False

    def deeper(self, kind: str, text: str) -> int:
        if kind == "operator" and text in "([{":
            self.brackets += 1
        elif kind == "operator" and text in ")]}":
            self.brackets -= 1
        self.unary = self.unary + 1 if text in _UNARY else 0
        if kind in ("variable_begin", "block_begin"):
            self.otherwise = self.brackets = 0
        elif kind == "name" and text == "else":
            self.otherwise += 1
        if self.opening and kind == "name":
            self.statements += (text in ("for", "if")) - (text in ("endfor", "endif"))
        self.opening = kind == "block_begin"
        return max(self.brackets + self.unary + self.otherwise, self.statements)
