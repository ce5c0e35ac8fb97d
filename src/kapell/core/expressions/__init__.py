"""Expressions and templates: Jinja's grammar, JSON in and out, bounded by work and not by time.

Everything an author may compute between steps goes through here. Pure: the same source, names and
limits give the same value or the same error on every machine.
"""

from kapell.core.expressions.compiled import Expression, Template
from kapell.core.expressions.compiling import compile_expression, compile_template, is_template
from kapell.core.expressions.errors import (
    ExpressionDenied,
    ExpressionError,
    ExpressionName,
    ExpressionSyntax,
    ExpressionTooExpensive,
    ExpressionType,
)
from kapell.core.expressions.limits import DEFAULT, Limits
from kapell.core.expressions.reads import Read
from kapell.core.expressions.trees import ValueTemplate, compile_value

__all__ = [
    "DEFAULT",
    "Expression",
    "ExpressionDenied",
    "ExpressionError",
    "ExpressionName",
    "ExpressionSyntax",
    "ExpressionTooExpensive",
    "ExpressionType",
    "Limits",
    "Read",
    "Template",
    "ValueTemplate",
    "compile_expression",
    "compile_template",
    "compile_value",
    "is_template",
]
