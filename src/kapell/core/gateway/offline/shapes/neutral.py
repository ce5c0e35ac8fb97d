"""Schema-valid values that say nothing: what a field gets when the prompt holds no value for it."""

import math
import re
from collections.abc import Iterator

from kapell.core.gateway.offline.shapes.pattern import matching
from kapell.core.gateway.offline.shapes.schema import Node
from kapell.kit.json import Json

_FORMATS = {
    "date": "1970-01-01",
    "time": "00:00:00Z",
    "date-time": "1970-01-01T00:00:00Z",
    "duration": "PT0S",
    "email": "nobody@example.com",
    "idn-email": "nobody@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "iri": "https://example.com/",
    "uri-reference": "/",
    "iri-reference": "/",
    "uri-template": "/",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "json-pointer": "",
    "relative-json-pointer": "0",
    "regex": ".*",
}


def bound(node: Node, key: str, default: int) -> int:
    """Return a whole-number keyword of a node."""
    value = node.get(key)
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


def text(node: Node) -> Iterator[str]:
    """Yield texts that may fit a string node, the emptiest first."""
    shortest, longest = bound(node, "minLength", 0), bound(node, "maxLength", 1 << 30)
    if isinstance(named := node.get("format"), str) and named in _FORMATS:
        yield _FORMATS[named]
    if isinstance(pattern := node.get("pattern"), str):
        yield from matching(pattern, shortest, longest)
    yield ""
    if shortest:
        yield (("not stated " * (shortest // 11 + 1)).strip() + "." * shortest)[:shortest]
        yield "x" * shortest


def number(node: Node, *, whole: bool) -> Iterator[int | float]:
    """Yield numbers that may fit, zero first and then the nearest to it within the bounds."""
    step = _real(node.get("multipleOf")) or (1.0 if whole else 0.0)
    if whole and step != int(step):
        step = 1.0
    low, high = _real(node.get("minimum")), _real(node.get("maximum"))
    above, below = _real(node.get("exclusiveMinimum")), _real(node.get("exclusiveMaximum"))
    lowest = max((value for value in (low, above) if value is not None), default=-math.inf)
    highest = min((value for value in (high, below) if value is not None), default=math.inf)
    start = min(max(0.0, lowest), highest)
    near = [0.0, start]
    if step:
        near += [math.ceil(start / step) * step, math.floor(start / step) * step]
        near += [math.ceil(start / step) * step + step, math.floor(start / step) * step - step]
    if math.isfinite(lowest) and math.isfinite(highest):
        near += [(lowest + highest) / 2, highest]
    near += [start + 1.0, start - 1.0, start + 0.5, start - 0.5]
    for value in near:
        if math.isfinite(value):
            yield int(value) if whole or value == int(value) else value


def plausible(node: Node, value: str) -> str:
    """Return ``value`` cut or filled to the lengths a string node asks for."""
    shortest, longest = bound(node, "minLength", 0), bound(node, "maxLength", 1 << 30)
    if len(value) > longest:
        cut = value[: max(longest - 1, 0)].rstrip() + "…"
        value = cut[:longest] if longest > 8 else value[:longest]
    return value + "." * max(0, shortest - len(value)) if value else value


def given(node: Node) -> Iterator[Json]:
    """Yield what the author offers: the default, then the examples."""
    if "default" in node:
        yield node["default"]
    examples = node.get("examples")
    if isinstance(examples, list):
        yield from examples


def searchable(pattern: str) -> re.Pattern[str] | None:
    """Return an author's pattern for searching the prompt, when Python can read it."""
    try:
        return re.compile(pattern.removeprefix("^").removesuffix("$"))
    except (re.error, RecursionError, OverflowError):
        return None


def _real(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
