"""Plain paths such as ``steps.load.output.rows``: the usual expression, without Jinja.

They mean exactly what Jinja's way would give; a property test holds the two together.
"""

import re
from collections.abc import Mapping
from typing import cast

import msgspec

from kapell.core.expressions.limits import Meter
from kapell.core.expressions.operations.values import item, settled
from kapell.core.expressions.positions import line_and_column
from kapell.core.expressions.reads import Read
from kapell.kit.json import Json

_STEP = r"""\.[A-Za-z][A-Za-z0-9_]*|\[[0-9]{1,6}\]|\['[A-Za-z0-9 -][A-Za-z0-9 _-]*'\]"""
_PATH = re.compile(rf"\s*(?P<root>[A-Za-z][A-Za-z0-9_]*)(?P<rest>(?:{_STEP})*)\s*", re.ASCII)
_STEPS = re.compile(_STEP, re.ASCII)
_WORDS = frozenset({
    "true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if", "else",
    "self", "loop",
})  # fmt: skip
_PLAIN = (dict, list, str, int, float, bool, type(None))


class Path(msgspec.Struct, frozen=True):
    """A root name and what is read of it, member by member."""

    root: str
    steps: tuple[str | int, ...]
    at: int

    def work(self, names: Mapping[str, object], meter: Meter) -> Json:
        """Return what the path leads to."""
        meter.at = self.at
        value = names[self.root]
        for step in self.steps:
            value = value.get(step) if type(value) is dict else item(value, step)
        return cast(Json, value) if type(value) in _PLAIN else settled(meter, value)

    def reads(self, source: str) -> frozenset[Read]:
        """Return the one read this is."""
        line, column = line_and_column(source, self.at)
        path = [str(step) for step in self.steps]
        member = path[0] if path else None
        return frozenset([Read(self.root, member, tuple(path[1:]), line, column)])


def path_of(source: str, start: int, end: int) -> Path | None:
    """Return the path that ``source[start:end]`` is, None when it is more than a path."""
    found = _PATH.fullmatch(source, start, end)
    if found is None or found["root"] in _WORDS or found["rest"].count("[") > 50:
        return None
    steps = tuple(
        int(step[1:-1]) if step[1:-1].isdecimal() and step[0] == "[" else step.strip(".[]'")
        for step in _STEPS.findall(found["rest"])
    )
    return Path(found["root"], steps, found.start("root")) if len(steps) < 50 else None
