"""Filters and methods on text and numbers."""

import json
import math

from jinja2.filters import do_title
from jinja2.utils import url_quote

from kapell.core.expressions.errors import expensive, wrong
from kapell.core.expressions.limits import Meter
from kapell.core.expressions.operations.formats import formatted
from kapell.core.expressions.operations.values import (
    encoded,
    is_number,
    number,
    sort_of,
    text_of,
    whole,
)
from kapell.kit import json as canonical
from kapell.kit.errors import Invalid

_WIDEST = 10_000
_DIGITS = 400


def _some(value: object, what: str) -> str:
    if isinstance(value, str):
        return value
    raise wrong(f"{what} must be text, not {sort_of(value)}")


def upper(meter: Meter, value: object) -> str:
    """Return the text in capitals."""
    return text_of(meter, value).upper()


def lower(meter: Meter, value: object) -> str:
    """Return the text in small letters."""
    return text_of(meter, value).lower()


def capitalize(meter: Meter, value: object) -> str:
    """Return the text with its first letter large, the others small."""
    return text_of(meter, value).capitalize()


def title(meter: Meter, value: object) -> str:
    """Return the text with the first letter of each word large."""
    return do_title(text_of(meter, value))


def trim(meter: Meter, value: object, chars: object = None) -> str:
    """Return the text without blanks (or ``chars``) at both ends."""
    return text_of(meter, value).strip(None if chars is None else _some(chars, "What to trim"))


def lstrip(meter: Meter, value: object, chars: object = None) -> str:
    """Return the text without blanks (or ``chars``) at its start."""
    return text_of(meter, value).lstrip(None if chars is None else _some(chars, "What to trim"))


def rstrip(meter: Meter, value: object, chars: object = None) -> str:
    """Return the text without blanks (or ``chars``) at its end."""
    return text_of(meter, value).rstrip(None if chars is None else _some(chars, "What to trim"))


def string(meter: Meter, value: object) -> str:
    """Return the value as text."""
    return text_of(meter, value)


def replace(meter: Meter, value: object, old: object, new: object, count: object = None) -> str:
    """Return the text with ``old`` replaced by ``new``, everywhere or ``count`` times."""
    text, old, new = text_of(meter, value), _some(old, "What to replace"), text_of(meter, new)
    times = -1 if count is None else whole(count, "The count", 0, 10**9)
    found = text.count(old) if times < 0 else min(text.count(old), times)
    meter.write(len(text) + found * len(new))
    return text.replace(old, new, times)


def center(meter: Meter, value: object, width: object = 80) -> str:
    """Return the text in the middle of ``width`` characters."""
    wide = _width(meter, width)
    return text_of(meter, value).center(wide)


def ljust(meter: Meter, value: object, width: object) -> str:
    """Return the text filled up with blanks on the right."""
    wide = _width(meter, width)
    return text_of(meter, value).ljust(wide)


def rjust(meter: Meter, value: object, width: object) -> str:
    """Return the text filled up with blanks on the left."""
    wide = _width(meter, width)
    return text_of(meter, value).rjust(wide)


def zfill(meter: Meter, value: object, width: object) -> str:
    """Return the text filled up with zeros on the left."""
    wide = _width(meter, width)
    return text_of(meter, value).zfill(wide)


def _width(meter: Meter, width: object) -> int:
    if isinstance(width, int) and width > _WIDEST:
        raise expensive("The width is too large")
    wide = whole(width, "The width", 0, _WIDEST)
    meter.write(wide)
    return wide


def indent(
    meter: Meter, value: object, width: object = 4, first: object = False, blank: object = False
) -> str:
    """Return the text with every line but the first moved to the right."""
    text = text_of(meter, value)
    by = width if isinstance(width, str) else " " * _width(meter, width)
    lines = text.split("\n")
    meter.write(len(text) + len(lines) * len(by))
    moved = [by + line if line or blank else line for line in lines]
    return "\n".join(moved if first else [lines[0], *moved[1:]])


def truncate(
    meter: Meter,
    value: object,
    length: object = 255,
    killwords: object = False,
    end: object = "...",
    leeway: object = 0,
) -> str:
    """Return at most ``length`` characters, ended by ``end`` when something was cut off."""
    text, tail = text_of(meter, value), text_of(meter, end)
    most = whole(length, "The length", len(tail), 10**9)
    if len(text) <= most + whole(leeway, "The leeway", 0, 10**9):
        return text
    kept = text[: most - len(tail)]
    return (kept if killwords else kept.rsplit(" ", 1)[0]) + tail


def wordcount(meter: Meter, value: object) -> int:
    """Return the number of words."""
    return len(split(meter, value))


def split(meter: Meter, value: object, by: object = None, most: object = -1) -> list[str]:
    """Return the pieces of the text between blanks or between ``by``."""
    text = text_of(meter, value)
    meter.spend(len(text))
    separator = None if by is None else _some(by, "The separator")
    return text.split(separator, whole(most, "The number of cuts", -1, 10**9))


def splitlines(meter: Meter, value: object) -> list[str]:
    """Return the lines of the text."""
    text = text_of(meter, value)
    meter.spend(len(text))
    return text.splitlines()


def startswith(meter: Meter, value: object, start: object) -> bool:
    """Tell whether the text starts so."""
    meter.spend(1)
    return _some(value, "The value").startswith(_some(start, "The start"))


def endswith(meter: Meter, value: object, end: object) -> bool:
    """Tell whether the text ends so."""
    meter.spend(1)
    return _some(value, "The value").endswith(_some(end, "The end"))


def removeprefix(meter: Meter, value: object, start: object) -> str:
    """Return the text without that start."""
    return text_of(meter, value).removeprefix(_some(start, "The start"))


def removesuffix(meter: Meter, value: object, end: object) -> str:
    """Return the text without that end."""
    return text_of(meter, value).removesuffix(_some(end, "The end"))


def find(meter: Meter, value: object, piece: object) -> int:
    """Return where the piece begins in the text, -1 when it is not there."""
    return text_of(meter, value).find(_some(piece, "The piece"))


def occurrences(meter: Meter, value: object, piece: object) -> int:
    """Return how often the piece is in the text."""
    return text_of(meter, value).count(_some(piece, "The piece"))


def isdigit(meter: Meter, value: object) -> bool:
    """Tell whether the text is all digits."""
    return text_of(meter, value).isdigit()


def isalpha(meter: Meter, value: object) -> bool:
    """Tell whether the text is all letters."""
    return text_of(meter, value).isalpha()


def form(meter: Meter, value: object, *values: object, **named: object) -> str:
    """Return the text with its ``%s`` places filled."""
    return formatted(meter, _some(value, "The format"), values, named)


def urlencode(meter: Meter, value: object) -> str:
    """Return the text as it may stand in a URL."""
    text = text_of(meter, value)
    meter.write(len(text) * 12)
    return url_quote(text)


def tojson(meter: Meter, value: object, indent: object = None) -> str:
    """Return canonical JSON: sorted keys, nothing escaped for HTML."""
    text = encoded(meter, value)
    if indent is None:
        return text
    by = whole(indent, "The indent", 0, 8)
    lines = []
    for piece in json.JSONEncoder(indent=by, sort_keys=True, ensure_ascii=False).iterencode(value):
        meter.write(len(piece))
        lines.append(piece)
    return "".join(lines)


def fromjson(meter: Meter, value: object) -> object:
    """Return the value a JSON text stands for."""
    text = _some(value, "The JSON")
    meter.spend(1 + (len(text) >> 2))
    try:
        read = canonical.decode(text)
    except Invalid as error:
        raise wrong("The text is not JSON") from error
    meter.weigh(read)
    return read


def absolute(meter: Meter, value: object) -> object:
    """Return the number without its sign."""
    return meter.number(abs(number(value)))


def rounded(
    meter: Meter, value: object, precision: object = 0, method: object = "common"
) -> object:
    """Return the number rounded to ``precision`` places: common, ceil or floor."""
    amount, places = number(value), whole(precision, "The precision", -30, 30)
    if method == "common":
        return meter.number(round(amount, places))
    if method not in ("ceil", "floor"):
        raise wrong("The rounding must be 'common', 'ceil' or 'floor'")
    scale = 10.0**places
    turned = math.ceil(amount * scale) if method == "ceil" else math.floor(amount * scale)
    return meter.number(turned / scale)


def integer(meter: Meter, value: object, default: object = 0, base: object = 10) -> object:
    """Return the value as a whole number, ``default`` when it is none."""
    if isinstance(value, str):
        if len(value) > _DIGITS:
            raise expensive("The number has too many digits")
        try:
            return meter.number(int(value, whole(base, "The base", 2, 36)))
        except ValueError:
            value = floating(meter, value, None)
    if isinstance(value, int | float):
        return meter.number(int(value))
    return default


def floating(meter: Meter, value: object, default: object = 0.0) -> object:
    """Return the value as a number with a fraction, ``default`` when it is none."""
    if isinstance(value, str):
        if len(value) > _DIGITS:
            raise expensive("The number has too many digits")
        try:
            amount = float(value)
        except ValueError:
            return default
        return amount if math.isfinite(amount) else default
    if isinstance(value, bool) or is_number(value):
        return meter.number(float(number(value)))
    return default
