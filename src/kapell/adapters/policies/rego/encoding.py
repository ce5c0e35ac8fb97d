"""Input documents as regopy takes them, and what it answers.

regopy's own way copies each text through a buffer, cuts texts at a NUL, wraps large integers round
and takes a quote in a text for its end. So values are handed to its C interface here, as JSON
writes them.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from regopy import rego_shared

from kapell.kit.errors import Denied
from kapell.kit.json import Json

_LIB: Any = rego_shared.rego
_DEPTH = 48
"""Levels an input may have: the interpreter walks it by recursion, and has no end to its trust."""
_LARGEST = 2**63 - 1
_ESCAPED = json.encoder.encode_basestring


def give_input(interpreter: Any, document: Json) -> None:
    """Make a document the input of an interpreter.

    Raises:
        Denied: ``policy_input`` when it nests too deeply to be judged.
    """
    handle = _LIB.regoNewInput()
    try:
        _put(handle, document, _DEPTH)
        if _LIB.regoSetInput(interpreter, handle) != 0:
            raise Denied("The interpreter did not take the input.", code="policy_input")
    finally:
        _LIB.regoFreeInput(handle)


def _put(handle: Any, value: Json, left: int) -> None:
    if isinstance(value, str):
        _LIB.regoInputString(handle, _text(value))
    elif isinstance(value, bool):
        _LIB.regoInputBoolean(handle, value)
    elif isinstance(value, int):
        _put_integer(handle, value)
    elif isinstance(value, float):
        _LIB.regoInputFloat(handle, value)
    elif value is None:
        _LIB.regoInputNull(handle)
    elif left <= 0:
        raise Denied(
            f"The arguments nest deeper than {_DEPTH} levels, which no policy can judge.",
            code="policy_input",
            advice="Nest the arguments less.",
        )
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            _LIB.regoInputString(handle, _text(key))
            _put(handle, inner, left - 1)
            _LIB.regoInputObjectItem(handle)
        _LIB.regoInputObject(handle, len(value))
    elif isinstance(value, Sequence):
        for inner in value:
            _put(handle, inner, left - 1)
        _LIB.regoInputArray(handle, len(value))
    else:
        raise TypeError(f"{type(value).__name__} is no JSON")


def _put_integer(handle: Any, value: int) -> None:
    if -_LARGEST <= value <= _LARGEST:
        _LIB.regoInputInt(handle, value)
    else:
        _LIB.regoInputFloat(handle, float(min(max(value, -(10**300)), 10**300)))


def _text(value: str) -> bytes:
    """Return a text as it stands between the quotes of JSON."""
    if value.isalnum() and value.isascii():
        return value.encode()
    return _ESCAPED(value)[1:-1].encode("utf-8", "replace")
