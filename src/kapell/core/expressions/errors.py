"""What an expression can do wrong, each a code of its own.

``Refusal`` is how an operation says no while an expression is being worked out: it knows nothing of
the source, so the compiled object turns it into one of the errors with line and column.
"""

from kapell.kit.errors import Invalid


class ExpressionError(Invalid):
    """An expression cannot be compiled or worked out.

    Attributes:
        line: Line inside the expression, from 1.
        column: Column inside the expression, from 1.
    """

    default_code = "expression_invalid"

    def __init__(self, message: str, *, line: int = 1, column: int = 1, advice: str = "") -> None:
        super().__init__(f"{message} (line {line}, column {column})", advice=advice)
        self.summary = message
        self.line = line
        self.column = column


class ExpressionSyntax(ExpressionError):
    """It is not an expression, or uses a word the language does not have."""

    default_code = "expression_syntax"


class ExpressionName(ExpressionError):
    """It reads a name that does not exist here."""

    default_code = "expression_name"


class ExpressionDenied(ExpressionError):
    """It reaches for something expressions may not see."""

    default_code = "expression_denied"


class ExpressionType(ExpressionError):
    """It asks of a value what that sort of value cannot do."""

    default_code = "expression_type"


class ExpressionTooExpensive(ExpressionError):
    """It needs more operations, text or depth than its limits allow."""

    default_code = "expression_too_expensive"


class Refusal(Exception):
    """An operation says no; carries which error it is to become."""

    def __init__(self, error: type[ExpressionError], message: str, advice: str = "") -> None:
        super().__init__(message)
        self.error = error
        self.message = message
        self.advice = advice


def wrong(message: str, advice: str = "") -> Refusal:
    """Return the refusal for a value of the wrong sort."""
    return Refusal(ExpressionType, message, advice)


def denied(message: str, advice: str = "") -> Refusal:
    """Return the refusal for something expressions may not reach."""
    return Refusal(ExpressionDenied, message, advice)


def expensive(message: str) -> Refusal:
    """Return the refusal for work beyond the limits."""
    return Refusal(
        ExpressionTooExpensive,
        message,
        "Work on fewer or smaller values, or move the work into a tool step.",
    )
