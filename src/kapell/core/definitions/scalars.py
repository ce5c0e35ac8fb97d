"""Plain scalars by the core schema of YAML 1.2: no ``yes``, no sexagesimals, no dates."""

import math
import re
from typing import TypeAlias

Scalar: TypeAlias = bool | int | float | str | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_ENDLESS = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LARGEST = 1 << 63


class ScalarRefused(Exception):
    """A number that JSON or a database has no form for; the message says which."""


def resolve(text: str) -> Scalar:
    """Return the value of an unquoted scalar.

    Raises:
        ScalarRefused: It is infinite, not a number, or does not fit 64 bits.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return _whole(text, 10)
    if _OCTAL.fullmatch(text):
        return _whole(text[2:], 8)
    if _HEX.fullmatch(text):
        return _whole(text[2:], 16)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise ScalarRefused(f"The number {text} is too large.")
        return number
    if _ENDLESS.fullmatch(text):
        raise ScalarRefused(f"{text} is no number that JSON knows.")
    return text


def _whole(digits: str, base: int) -> int:
    if len(digits) > 30:
        raise ScalarRefused("The number does not fit into 64 bits.")
    number = int(digits, base)
    if not -_LARGEST <= number < _LARGEST:
        raise ScalarRefused("The number does not fit into 64 bits.")
    return number
