"""Filters on lists and objects; each returns a list where Jinja's own would return a generator."""

import functools
from collections.abc import Callable, Mapping

from kapell.core.expressions.errors import expensive, wrong
from kapell.core.expressions.limits import Meter
from kapell.core.expressions.operations.operators import compared, equal
from kapell.core.expressions.operations.values import (
    encoded,
    follow,
    number,
    sequence,
    sort_of,
    text_of,
    whole,
)

_MOST = 10_000_000


def length(meter: Meter, value: object) -> int:
    """Return how many items, keys or characters there are; null has none."""
    meter.spend(1)
    if value is None:
        return 0
    if isinstance(value, str | Mapping | list | tuple):
        return len(value)
    raise wrong(f"{sort_of(value)[0].upper()}{sort_of(value)[1:]} has no length")


def listed(meter: Meter, value: object) -> list[object]:
    """Return the items, keys or characters as a list."""
    return list(sequence(meter, value))


def first(meter: Meter, value: object) -> object:
    """Return the first item, null when there is none."""
    return next(iter(sequence(meter, value)), None)


def last(meter: Meter, value: object) -> object:
    """Return the last item, null when there is none."""
    return next(reversed(sequence(meter, value)), None)


def reverse(meter: Meter, value: object) -> object:
    """Return the text or list from its end to its start."""
    if isinstance(value, str):
        meter.write(len(value))
        return value[::-1]
    return sequence(meter, value)[::-1]


def join(meter: Meter, value: object, by: object = "", attribute: object = None) -> str:
    """Return the items as one text with ``by`` between them."""
    items, between = sequence(meter, value), text_of(meter, by)
    if attribute is not None:
        items = [follow(meter, item, attribute) for item in items]
    meter.write(len(between) * len(items))
    return between.join([text_of(meter, item) for item in items])


def batch(meter: Meter, value: object, size: object, fill: object = None) -> list[list[object]]:
    """Return the items in lists of ``size``; the last is filled up with ``fill`` when given."""
    items, each = sequence(meter, value), _size(meter, size)
    parts = [items[at : at + each] for at in range(0, len(items), each)]
    if parts and fill is not None:
        parts[-1] = parts[-1] + [fill] * (each - len(parts[-1]))
    return parts


def sliced(meter: Meter, value: object, count: object, fill: object = None) -> list[list[object]]:
    """Return the items in ``count`` lists of nearly one length."""
    items, parts = sequence(meter, value), _size(meter, count)
    each, longer = divmod(len(items), parts)
    made, at = [], 0
    for index in range(parts):
        end = at + each + (index < longer)
        short = fill is not None and longer > 0 and index >= longer
        made.append(items[at:end] + ([fill] if short else []))
        at = end
    return made


def _size(meter: Meter, size: object) -> int:
    if isinstance(size, int) and size > _MOST:
        raise expensive("The size is too large")
    count = whole(size, "The size", 1, _MOST)
    meter.spend(count)
    return count


def items(meter: Meter, value: object) -> list[object]:
    """Return the pairs of key and value of an object."""
    if value is None:
        return []
    if not isinstance(value, Mapping):
        raise wrong(f"Expected an object, got {sort_of(value)}")
    meter.spend(1 + 3 * len(value))
    return [[key, inner] for key, inner in value.items()]


def keys(meter: Meter, value: object) -> list[object]:
    """Return the keys of an object."""
    return [key for key, _ in _pairs(meter, value)]


def values(meter: Meter, value: object) -> list[object]:
    """Return the values of an object."""
    return [inner for _, inner in _pairs(meter, value)]


def _pairs(meter: Meter, value: object) -> list[tuple[object, object]]:
    if not isinstance(value, Mapping):
        raise wrong(f"Expected an object, got {sort_of(value)}")
    meter.spend(1 + len(value))
    return list(value.items())


def get(meter: Meter, value: object, key: object, default: object = None) -> object:
    """Return the value of a key, ``default`` when the object lacks it."""
    meter.spend(1)
    if not isinstance(value, Mapping):
        raise wrong(f"Expected an object, got {sort_of(value)}")
    return value.get(key, default) if isinstance(key, str) else default


def index(meter: Meter, value: object, item: object) -> int | None:
    """Return where the item is in the list, null when it is not there."""
    found = sequence(meter, value)
    meter.weigh(found)
    meter.weigh(item)
    return found.index(item) if item in found else None


def counted(meter: Meter, value: object, item: object) -> int:
    """Return how often the item is in the list."""
    found = sequence(meter, value)
    meter.weigh(found)
    meter.weigh(item)
    return found.count(item)


def dictsort(
    meter: Meter,
    value: object,
    case_sensitive: object = False,
    by: object = "key",
    reverse: object = False,
) -> list[object]:
    """Return the pairs of an object in the order of their keys or values."""
    if by not in ("key", "value"):
        raise wrong("An object is sorted by 'key' or by 'value'")
    return sort(meter, items(meter, value), reverse, case_sensitive, 0 if by == "key" else 1)


def sort(
    meter: Meter,
    value: object,
    reverse: object = False,
    case_sensitive: object = False,
    attribute: object = None,
) -> list[object]:
    """Return the items in order; ``attribute`` may name several paths, parted by commas."""
    paths = attribute.split(",") if isinstance(attribute, str) else [attribute]
    found = sequence(meter, value)
    keyed = [([_key(meter, item, path, case_sensitive) for path in paths], item) for item in found]

    def order(one: tuple[list[object], object], other: tuple[list[object], object]) -> int:
        return _ordered(meter, one[0], other[0])  # every comparison pays for itself

    keyed.sort(key=functools.cmp_to_key(order), reverse=bool(reverse))
    return [item for _, item in keyed]


def _ordered(meter: Meter, one: list[object], other: list[object]) -> int:
    for mine, its in zip(one, other, strict=True):
        if mine is None and its is None:
            continue
        if way := compared(meter, mine, its):
            return way
    return 0


def _key(meter: Meter, item: object, path: object, case_sensitive: object) -> object:
    found = item if path is None else follow(meter, item, path)
    if isinstance(found, str) and not case_sensitive:
        meter.write(len(found))
        return found.lower()
    return found


def unique(
    meter: Meter, value: object, case_sensitive: object = False, attribute: object = None
) -> list[object]:
    """Return the items without those that were there before."""
    seen: set[str] = set()
    kept = []
    for item in sequence(meter, value):
        mark = encoded(meter, _key(meter, item, attribute, case_sensitive))
        if mark not in seen:
            seen.add(mark)
            kept.append(item)
    return kept


def least(
    meter: Meter, value: object, case_sensitive: object = False, attribute: object = None
) -> object:
    """Return the smallest item, null when there is none."""
    return _extreme(meter, value, case_sensitive, attribute, -1)


def most(
    meter: Meter, value: object, case_sensitive: object = False, attribute: object = None
) -> object:
    """Return the largest item, null when there is none."""
    return _extreme(meter, value, case_sensitive, attribute, 1)


def _extreme(
    meter: Meter, value: object, case_sensitive: object, attribute: object, way: int
) -> object:
    best: tuple[object, object] | None = None
    for item in sequence(meter, value):
        key = _key(meter, item, attribute, case_sensitive)
        if best is None or compared(meter, key, best[0]) == way:
            best = (key, item)
    return best and best[1]


def total(meter: Meter, value: object, attribute: object = None, start: object = 0) -> object:
    """Return the sum of the numbers."""
    result = number(start, "The start")
    for item in sequence(meter, value):
        amount = item if attribute is None else follow(meter, item, attribute)
        result = meter.number(result + number(amount, "An item of the sum"))
    return result


def groupby(
    meter: Meter,
    value: object,
    attribute: object,
    default: object = None,
    case_sensitive: object = False,
) -> list[dict[str, object]]:
    """Return ``[{grouper, list}]`` in the order of the grouper."""
    paired: list[object] = []
    for item in sequence(meter, value):
        found = follow(meter, item, attribute)
        paired.append([default if found is None else found, item])
    groups: list[dict[str, object]] = []
    collected: list[object] = []
    previous: object = None
    for pair in sort(meter, paired, False, case_sensitive, 0):
        grouper, item = pair if isinstance(pair, list) else (None, None)
        key = _key(meter, grouper, None, case_sensitive)
        if not groups or not equal(meter, key, previous):
            collected = []
            groups.append({"grouper": grouper, "list": collected})
            previous = key
        collected.append(item)
    return groups


def each(meter: Meter, value: object, change: Callable[[object], object]) -> list[object]:
    """Return every item changed."""
    return [change(item) for item in sequence(meter, value)]
