"""The tests behind ``is``."""

from collections.abc import Callable, Mapping

from kapell.core.expressions.errors import wrong
from kapell.core.expressions.limits import Meter
from kapell.core.expressions.operations.operators import COMPARISONS, equal
from kapell.core.expressions.operations.values import is_number, number, whole

Predicate = Callable[..., bool]


def _odd(meter: Meter, value: object) -> bool:
    return number(value) % 2 == 1


def _even(meter: Meter, value: object) -> bool:
    return number(value) % 2 == 0


def _divisible(meter: Meter, value: object, by: object) -> bool:
    divisor = whole(by, "The divisor", -(2**63), 2**63)
    if not divisor:
        raise wrong("Division by zero")
    return number(value) % divisor == 0


def _same(meter: Meter, value: object, other: object) -> bool:
    return type(value) is type(other) and equal(meter, value, other)


def _sort(*kinds: type, but: tuple[type, ...] = ()) -> Predicate:
    def check(meter: Meter, value: object) -> bool:
        return isinstance(value, kinds) and not isinstance(value, but)

    return check


def _lower(meter: Meter, value: object) -> bool:
    return isinstance(value, str) and value.islower()


def _upper(meter: Meter, value: object) -> bool:
    return isinstance(value, str) and value.isupper()


def _given(meter: Meter, value: object) -> bool:
    return value is not None


def _null(meter: Meter, value: object) -> bool:
    return value is None


PREDICATES: dict[str, Predicate] = {
    "defined": _given,
    "undefined": _null,
    "none": _null,
    "boolean": _sort(bool),
    "true": lambda meter, value: value is True,
    "false": lambda meter, value: value is False,
    "integer": _sort(int, but=(bool,)),
    "float": _sort(float),
    "number": lambda meter, value: is_number(value),
    "string": _sort(str),
    "mapping": _sort(Mapping),
    "sequence": _sort(str, list, tuple, Mapping),
    "iterable": _sort(str, list, tuple, Mapping),
    "odd": _odd,
    "even": _even,
    "divisibleby": _divisible,
    "lower": _lower,
    "upper": _upper,
    "sameas": _same,
    "in": COMPARISONS["in"],
    **{
        alias: COMPARISONS[sign]
        for sign, aliases in {
            "eq": ("eq", "==", "equalto"),
            "ne": ("ne", "!="),
            "lt": ("lt", "<", "lessthan"),
            "lteq": ("le", "<="),
            "gt": ("gt", ">", "greaterthan"),
            "gteq": ("ge", ">="),
        }.items()
        for alias in aliases
    },
}
