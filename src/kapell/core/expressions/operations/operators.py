"""Arithmetic, comparison and the other signs of the language."""

from collections.abc import Callable, Mapping

from kapell.core.expressions.errors import expensive, wrong
from kapell.core.expressions.limits import MAX_BITS, Meter
from kapell.core.expressions.operations.formats import formatted
from kapell.core.expressions.operations.values import number, sort_of, text_of

Operator = Callable[[Meter, object, object], object]
_ATOMS = (int, float, bool, type(None))


def _add(meter: Meter, left: object, right: object) -> object:
    if isinstance(left, str) and isinstance(right, str):
        meter.write(len(left) + len(right))
        return left + right
    if isinstance(left, list) and isinstance(right, list):
        meter.spend(len(left) + len(right))
        return left + right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return meter.number(left + right)
    raise wrong(
        f"Cannot add {sort_of(left)} and {sort_of(right)}", "Use ~ to put values together as text."
    )


def _subtract(meter: Meter, left: object, right: object) -> object:
    return meter.number(number(left, "The left side") - number(right, "The right side"))


def _multiply(meter: Meter, left: object, right: object) -> object:
    if isinstance(left, int) and isinstance(right, str | list):
        left, right = right, left
    if isinstance(right, int):
        times = max(right, 0)
        if isinstance(left, str):
            meter.write(len(left) * times)
            return left * times
        if isinstance(left, list):
            meter.spend(1 + len(left) * times)
            return left * times
    return meter.number(number(left, "The left side") * number(right, "The right side"))


def _divide(meter: Meter, left: object, right: object) -> object:
    return meter.number(number(left, "The left side") / number(right, "The right side"))


def _floor_divide(meter: Meter, left: object, right: object) -> object:
    return meter.number(number(left, "The left side") // number(right, "The right side"))


def _remainder(meter: Meter, left: object, right: object) -> object:
    if isinstance(left, str):
        return formatted(meter, left, right if isinstance(right, list) else [right], {})
    return meter.number(number(left, "The left side") % number(right, "The right side"))


def _power(meter: Meter, left: object, right: object) -> object:
    base, exponent = number(left, "The left side"), number(right, "The right side")
    whole = isinstance(base, int) and isinstance(exponent, int)
    if whole and exponent > 0 and int(base).bit_length() * exponent > 2 * MAX_BITS:
        if abs(base) > 1:
            raise expensive("The number is too large")
        exponent = exponent % 2 + 2  # 0, 1 and -1 only know even and odd
    return meter.number(base**exponent)


def equal(meter: Meter, left: object, right: object) -> bool:
    """Tell whether two values are equal."""
    meter.spend(1)
    if not (isinstance(left, _ATOMS) or isinstance(right, _ATOMS)):
        if isinstance(left, str) or isinstance(right, str):
            meter.spend(len(left) >> 6 if isinstance(left, str) else 1)
        else:
            meter.weigh(left)
            meter.weigh(right)
    return left == right


def _different(meter: Meter, left: object, right: object) -> bool:
    return not equal(meter, left, right)


def compared(meter: Meter, left: object, right: object) -> int:
    """Return -1, 0 or 1 as left is before, equal to or after right."""
    meter.spend(1)
    if isinstance(left, str) and isinstance(right, str):
        meter.spend(min(len(left), len(right)) >> 6)
        return (left > right) - (left < right)
    if isinstance(left, int | float) and isinstance(right, int | float):
        return (left > right) - (left < right)
    if isinstance(left, list) and isinstance(right, list):
        meter.weigh(left)
        meter.weigh(right)
        for mine, other in zip(left, right, strict=False):
            if mine != other:
                return compared(meter, mine, other)
        return (len(left) > len(right)) - (len(left) < len(right))
    raise wrong(f"Cannot order {sort_of(left)} and {sort_of(right)}")


def contained(meter: Meter, left: object, right: object) -> bool:
    """Tell whether left is in right: a piece of text, an item of a list, a key of an object."""
    meter.spend(1)
    if right is None:
        return False
    if isinstance(right, str):
        if not isinstance(left, str):
            raise wrong(f"Cannot look for {sort_of(left)} in text")
        meter.read(left)
        meter.read(right)
        return left in right
    if isinstance(right, Mapping):
        return isinstance(left, str) and left in right
    if isinstance(right, list):
        meter.spend(len(right))
        if not isinstance(left, _ATOMS):
            meter.weigh(left)
            meter.weigh(right)
        return left in right
    raise wrong(f"Cannot look into {sort_of(right)}")


def chained(meter: Meter, first: object, signs: tuple[str, ...], *others: object) -> bool:
    """Tell whether every neighbouring pair of ``a < b <= c`` holds."""
    left = first
    for sign, right in zip(signs, others, strict=True):
        if not COMPARISONS[sign](meter, left, right):
            return False
        left = right
    return True


def joined(meter: Meter, first: object, *others: object) -> str:
    """Return the values put together as one text."""
    return "".join([text_of(meter, first), *(text_of(meter, other) for other in others)])


def negative(meter: Meter, value: object) -> object:
    """Return the number with the other sign."""
    return meter.number(-number(value))


def positive(meter: Meter, value: object) -> object:
    """Return the number itself."""
    return meter.number(+number(value))


def cut(meter: Meter, value: object, start: object, stop: object, step: object) -> object:
    """Return ``value[start:stop:step]`` of a text or list."""
    if value is None:
        return None
    if not isinstance(value, str | list):
        raise wrong(f"Cannot take a slice of {sort_of(value)}")
    if isinstance(value, str):
        meter.write(len(value))
    else:
        meter.spend(1 + len(value))
    return value[slice(_bound(start), _bound(stop), _bound(step))]


def _bound(value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise wrong(f"A slice needs whole numbers, not {sort_of(value)}")


ARITHMETIC: dict[str, Operator] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "//": _floor_divide,
    "%": _remainder,
    "**": _power,
}
COMPARISONS: dict[str, Callable[[Meter, object, object], bool]] = {
    "eq": equal,
    "ne": _different,
    "lt": lambda meter, left, right: compared(meter, left, right) < 0,
    "lteq": lambda meter, left, right: compared(meter, left, right) <= 0,
    "gt": lambda meter, left, right: compared(meter, left, right) > 0,
    "gteq": lambda meter, left, right: compared(meter, left, right) >= 0,
    "in": contained,
    "notin": lambda meter, left, right: not contained(meter, left, right),
}
