"""Every text of a JSON value, and values with their texts written anew."""

from collections.abc import Callable, Iterator, Mapping

from kapell.kit.json import Json


def texts(value: Json) -> Iterator[str]:
    """Yield every text of a value: its strings, the keys of its mappings, its numbers as written.

    A stack, not a recursion: how deep a stranger's value is must not matter.
    """
    waiting: list[Json] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            for key, inner in one.items():
                yield key
                waiting.append(inner)
        elif isinstance(one, list | tuple):
            waiting.extend(one)
        elif isinstance(one, int | float) and not isinstance(one, bool):
            yield str(one)


def changed(value: Json, change: Callable[[str], str]) -> Json:
    """Return a value with each text changed; what no change touches stays the very same.

    A number that is changed becomes a text. Keys that would fall together get a number behind them.
    """
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return _mapping(value, change)
    if isinstance(value, list | tuple):
        items = [changed(one, change) for one in value]
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    if isinstance(value, int | float) and not isinstance(value, bool):
        written = str(value)
        told = change(written)
        return value if told == written else told
    return value


def _mapping(value: Mapping[str, Json], change: Callable[[str], str]) -> Json:
    made: dict[str, Json] = {}
    same = True
    for key, one in value.items():
        name, inner = change(key), changed(one, change)
        same = same and name == key and inner is one
        number, free = 1, name
        while free in made:
            number += 1
            free = f"{name}~{number}"
        made[free] = inner
    return value if same else made
