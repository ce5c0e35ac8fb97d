"""Expressions, templates and values as authors hold them: compiled once, worked out often.

A compiled object is immutable and safe to share between threads; working it out changes nothing,
so it may be stopped by its limits and begun again with others. What it returns may share parts with
the names it was given: treat both as read only.
"""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TypeAlias

from jinja2 import TemplateError

from kapell.core.expressions.errors import (
    ExpressionError,
    ExpressionName,
    ExpressionTooExpensive,
    ExpressionType,
    Refusal,
)
from kapell.core.expressions.limits import DEFAULT, Limits, Meter
from kapell.core.expressions.positions import line_and_column
from kapell.core.expressions.reads import Read
from kapell.kit.json import Json

Shown: TypeAlias = tuple[frozenset[Read], ...]
"""What each ``{{ }}`` of a text reads."""

Work = Callable[[Mapping[str, object], Meter], Json]


class Compiled:
    """What expressions and templates have in common.

    Attributes:
        source: The text as it was written.
        reads: Every place where it reads a name of the context.
    """

    __slots__ = ("_roots", "reads", "source", "work")

    def __init__(self, source: str, reads: frozenset[Read], work: Work) -> None:
        self.source = source
        self.reads = reads
        self.work = work
        self._roots = tuple(sorted({read.root for read in reads}))

    def evaluate(self, names: Mapping[str, object], limit: Limits = DEFAULT) -> Json:
        """Return the value for these names.

        Args:
            names: What it may see; values are JSON, or mappings of JSON.
            limit: What it may cost.

        Raises:
            ExpressionName: It reads a name that is not among ``names``.
            ExpressionDenied: It reaches for something it may not see.
            ExpressionType: A value is not of the sort it is used as.
            ExpressionTooExpensive: It goes beyond its limits.
        """
        return self.within(names, Meter(limit))

    def within(self, names: Mapping[str, object], meter: Meter) -> Json:
        """Return the value, paying from a meter that others pay from too."""
        try:
            return self.work({root: names[root] for root in self._roots}, meter)
        except Refusal as refusal:
            raise located(refusal, self.source, meter.at) from None
        except KeyError:
            raise self._nameless(names) or self._failed(meter) from None
        except ZeroDivisionError:
            raise self._failed(meter, "Division by zero") from None
        except RecursionError:
            deep = Refusal(ExpressionTooExpensive, "The expression is nested too deeply")
            raise located(deep, self.source, meter.at) from None
        except (TypeError, ValueError, ArithmeticError, LookupError, TemplateError):
            raise self._failed(meter) from None

    def _failed(
        self, meter: Meter, message: str = "A value is not of the sort it is used as"
    ) -> ExpressionError:
        return located(Refusal(ExpressionType, message), self.source, meter.at)

    def _nameless(self, names: Mapping[str, object]) -> ExpressionError | None:
        """Return the error of the first name that is missing."""
        missing = [read for read in self.reads if read.root not in names]
        if not missing:
            return None
        first = min(missing, key=lambda read: (read.line, read.column))
        near = get_close_matches(first.root, names, 1)
        known = ", ".join(sorted(names)) or "none"
        advice = f"Did you mean {near[0]!r}?" if near else f"Names here: {known}."
        return ExpressionName(
            f"There is no {first.root!r} here",
            line=first.line,
            column=first.column,
            advice=advice,
        )


class Expression(Compiled):
    """A bare expression: ``when``, ``where``, ``until``, ``result``.

    Attributes:
        braces: It was written inside ``{{ }}``, which are not needed here.
    """

    __slots__ = ("braces",)

    def __init__(self, source: str, reads: frozenset[Read], work: Work, braces: bool) -> None:
        super().__init__(source, reads, work)
        self.braces = braces


class Template(Compiled):
    """Text with ``{{ }}`` and ``{% %}``.

    Attributes:
        lone: It is one ``{{ … }}`` and nothing else, so its value keeps its type.
        shown: What each ``{{ … }}`` of a text reads, by its number.
    """

    __slots__ = ("lone", "shown")

    def __init__(
        self, source: str, reads: frozenset[Read], work: Work, lone: bool, shown: Shown = ()
    ) -> None:
        super().__init__(source, reads, work)
        self.lone = lone
        self.shown = shown

    def marking(
        self, names: Mapping[str, object], mark: Callable[[int, str], str], limit: Limits = DEFAULT
    ) -> Json:
        """Return the value, every text it shows as ``mark`` returns it, by its number."""
        meter = Meter(limit)
        meter.mark = mark
        return self.within(names, meter)


def located(refusal: Refusal, source: str, offset: int) -> ExpressionError:
    """Return the refusal as the error it stands for, with its place."""
    line, column = line_and_column(source, offset)
    return refusal.error(refusal.message[:300], line=line, column=column, advice=refusal.advice)
