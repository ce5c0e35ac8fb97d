"""JSON values whose texts may be templates: what stands under ``with``, ``set`` and ``data``."""

from collections.abc import Callable, Mapping

from kapell.core.expressions.compiled import Compiled
from kapell.core.expressions.compiling import compile_template, is_template
from kapell.core.expressions.errors import ExpressionError, ExpressionTooExpensive
from kapell.core.expressions.limits import DEFAULT, Limits, Meter
from kapell.core.expressions.reads import Read
from kapell.kit.json import Json

_Part = Callable[[Mapping[str, object], Meter], Json]
_DEEPEST = 64


class ValueTemplate:
    """A JSON value with templates in it; keys and constant parts stay as they are.

    Attributes:
        source: The value as it was written.
        reads: Every place where a template in it reads a name; lines and columns count inside the
            one text.
        constant: There is no template in it.
    """

    __slots__ = ("_part", "constant", "reads", "source")

    def __init__(self, source: Json) -> None:
        found: list[Compiled] = []
        self._part = _part(source, "", 0, found)
        self.source = source
        self.constant = not found
        self.reads: frozenset[Read] = frozenset().union(*(one.reads for one in found))

    def evaluate(self, names: Mapping[str, object], limit: Limits = DEFAULT) -> Json:
        """Return the value with its templates worked out; all of them share one limit.

        Raises:
            ExpressionError: A template fails; the message names where in the value it is.
        """
        if self._part is None:
            return self.source
        return self._part(names, Meter(limit))


def compile_value(value: Json) -> ValueTemplate:
    """Return a JSON value whose texts may be templates, ready to be worked out.

    Raises:
        ExpressionError: A template in it is wrong; the message names where in the value it is.
    """
    return ValueTemplate(value)


def _part(value: Json, place: str, depth: int, found: list[Compiled]) -> _Part | None:
    """Return what works out the value, None when it is constant."""
    if depth > _DEEPEST:
        raise ExpressionTooExpensive("The value is nested too deeply")
    if isinstance(value, str):
        return _text(value, place, found) if is_template(value) else None
    if isinstance(value, Mapping):
        fields = [
            (key, inner, _part(inner, f"{place}.{key}" if place else key, depth + 1, found))
            for key, inner in value.items()
        ]
        if all(part is None for _, _, part in fields):
            return None
        return lambda names, meter: {
            key: inner if part is None else part(names, meter) for key, inner, part in fields
        }
    if isinstance(value, list | tuple):
        items = [
            (inner, _part(inner, f"{place}[{at}]", depth + 1, found))
            for at, inner in enumerate(value)
        ]
        if all(part is None for _, part in items):
            return None
        return lambda names, meter: [
            inner if part is None else part(names, meter) for inner, part in items
        ]
    return None


def _text(value: str, place: str, found: list[Compiled]) -> _Part:
    try:
        template = compile_template(value)
    except ExpressionError as error:
        raise _placed(error, place) from None
    found.append(template)

    def part(names: Mapping[str, object], meter: Meter) -> Json:
        try:
            return template.within(names, meter)
        except ExpressionError as error:
            raise _placed(error, place) from None

    return part


def _placed(error: ExpressionError, place: str) -> ExpressionError:
    if not place:
        return error
    message = f"{place}: {error.summary}"
    return type(error)(message, line=error.line, column=error.column, advice=error.advice)
