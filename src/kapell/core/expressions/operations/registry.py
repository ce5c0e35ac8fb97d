"""Which filters, tests, functions and methods authors may use, by name; there are no others."""

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches

from kapell.core.expressions.errors import ExpressionSyntax, Refusal, denied, expensive, wrong
from kapell.core.expressions.limits import Meter
from kapell.core.expressions.operations import lists, texts
from kapell.core.expressions.operations.predicates import PREDICATES
from kapell.core.expressions.operations.values import follow, sequence, sort_of, whole

Operation = Callable[..., object]
_MOST = 10**15


def _default(
    meter: Meter, value: object, default_value: object = "", boolean: object = False
) -> object:
    return default_value if value is None or (boolean and not value) else value


def _named(names: Mapping[str, Operation], what: str, name: object) -> Operation:
    if isinstance(name, str) and name in names:
        return names[name]
    raise wrong(f"There is no {what} named {name!r}" if isinstance(name, str) else f"No {what}")


def _call(
    operation: Operation, meter: Meter, value: object, arguments: tuple[object, ...]
) -> object:
    meter.spend(1)
    return operation(meter, value, *arguments)


def _map(
    meter: Meter,
    value: object,
    name: object = None,
    *arguments: object,
    attribute: object = None,
    default: object = None,
) -> list[object]:
    if name is None:

        def change(item: object) -> object:
            found = follow(meter, item, attribute)
            return default if found is None else found

        return lists.each(meter, value, change)
    operation = _named(FILTERS, "filter", name)
    return lists.each(meter, value, lambda item: _call(operation, meter, item, arguments))


def _selection(by_attribute: bool, wanted: bool) -> Operation:
    def choose(meter: Meter, value: object, *arguments: object) -> list[object]:
        path, rest = (arguments[:1], arguments[1:]) if by_attribute else ((), arguments)
        if by_attribute and not path:
            raise wrong("Name the attribute to select by")
        test = _named(PREDICATES, "test", rest[0]) if rest else None

        def holds(item: object) -> bool:
            found = follow(meter, item, path[0]) if path else item
            meter.spend(1)
            return bool(_call(test, meter, found, rest[1:]) if test else found)

        return [item for item in sequence(meter, value) if holds(item) is wanted]

    return choose


def span(meter: Meter, start: object, stop: object = None, step: object = 1) -> list[int]:
    """Return the numbers of ``range(start, stop, step)`` as a list."""
    if stop is None:
        start, stop = 0, start
    numbers = (start, stop, step)
    if any(isinstance(one, int) and abs(one) > _MOST for one in numbers):
        raise expensive("The range is too large")
    low, high, by = (whole(one, "A bound of range", -_MOST, _MOST) for one in numbers)
    if not by:
        raise wrong("The step of range must not be 0")
    found = range(low, high, by)
    meter.spend(1 + len(found))
    return list(found)


FILTERS: dict[str, Operation] = {
    "abs": texts.absolute,
    "batch": lists.batch,
    "capitalize": texts.capitalize,
    "center": texts.center,
    "count": lists.length,
    "d": _default,
    "default": _default,
    "dictsort": lists.dictsort,
    "first": lists.first,
    "float": texts.floating,
    "format": texts.form,
    "fromjson": texts.fromjson,
    "groupby": lists.groupby,
    "indent": texts.indent,
    "int": texts.integer,
    "items": lists.items,
    "join": lists.join,
    "last": lists.last,
    "length": lists.length,
    "list": lists.listed,
    "lower": texts.lower,
    "map": _map,
    "max": lists.most,
    "min": lists.least,
    "reject": _selection(False, False),
    "rejectattr": _selection(True, False),
    "replace": texts.replace,
    "reverse": lists.reverse,
    "round": texts.rounded,
    "select": _selection(False, True),
    "selectattr": _selection(True, True),
    "slice": lists.sliced,
    "sort": lists.sort,
    "string": texts.string,
    "sum": lists.total,
    "title": texts.title,
    "tojson": texts.tojson,
    "trim": texts.trim,
    "truncate": texts.truncate,
    "unique": lists.unique,
    "upper": texts.upper,
    "urlencode": texts.urlencode,
    "wordcount": texts.wordcount,
}
FUNCTIONS: dict[str, Operation] = {"range": span}
METHODS: dict[str, dict[str, Operation]] = {
    "text": {
        "capitalize": texts.capitalize,
        "center": texts.center,
        "count": texts.occurrences,
        "endswith": texts.endswith,
        "find": texts.find,
        "isalpha": texts.isalpha,
        "isdigit": texts.isdigit,
        "join": lambda meter, value, items: lists.join(meter, items, value),
        "ljust": texts.ljust,
        "lower": texts.lower,
        "lstrip": texts.lstrip,
        "removeprefix": texts.removeprefix,
        "removesuffix": texts.removesuffix,
        "replace": texts.replace,
        "rjust": texts.rjust,
        "rstrip": texts.rstrip,
        "split": texts.split,
        "splitlines": texts.splitlines,
        "startswith": texts.startswith,
        "strip": texts.trim,
        "title": texts.title,
        "upper": texts.upper,
        "zfill": texts.zfill,
    },
    "an object": {
        "get": lists.get,
        "items": lists.items,
        "keys": lists.keys,
        "values": lists.values,
    },
    "a list": {"count": lists.counted, "index": lists.index},
}
METHOD_NAMES = frozenset(name for methods in METHODS.values() for name in methods)
_SIGNATURES: dict[Operation, inspect.Signature] = {}


def accepts(operation: Operation, positional: int, named: list[str]) -> bool:
    """Tell whether the operation takes that many arguments and those names."""
    signature = _SIGNATURES.get(operation)
    if signature is None:
        signature = _SIGNATURES[operation] = inspect.signature(operation)
    try:
        signature.bind(*[None] * (positional + 1), **dict.fromkeys(named))
    except TypeError:
        return False
    return True


def unknown(what: str, name: str, known: Mapping[str, object]) -> Refusal:
    """Return the refusal of a name that is not there, with the nearest that is."""
    near = get_close_matches(name, known, 1)
    advice = f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(sorted(known))}."
    return Refusal(ExpressionSyntax, f"There is no {what} named {name!r}", advice)


def method(meter: Meter, value: object, name: str, *arguments: object, **named: object) -> object:
    """Call a method of a text, list or object; a key of that name comes first, null gives null."""
    meter.spend(1)
    if value is None:
        return None
    if isinstance(value, Mapping) and name in value:
        raise wrong(f"{name!r} is a key here and cannot be called")
    operation = METHODS.get(sort_of(value), {}).get(name)
    if operation is None:
        raise denied(f"{sort_of(value)[0].upper()}{sort_of(value)[1:]} has no method {name!r}")
    if not accepts(operation, len(arguments) + 1, list(named)):
        raise wrong(f"The method {name!r} does not take these arguments")
    return operation(meter, value, *arguments, **named)
