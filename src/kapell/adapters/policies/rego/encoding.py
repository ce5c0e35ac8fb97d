"""Input documents as regopy takes them.

regopy's own way copies each text through a buffer, cuts texts at a NUL, wraps large integers round
and takes a quote in a text for its end. So values are handed to its C interface here, as JSON
writes them.
"""

import ctypes
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from kapell.adapters.policies.rego.vendor import rego_shared
from kapell.kit.errors import Denied
from kapell.kit.json import Json

_DEPTH = 48
"""Levels an input may have: the interpreter walks it by recursion, and has no end to its trust."""
_LARGEST = 2**63 - 1
_ESCAPED = json.encoder.encode_basestring

# Calls this short are quicker when they keep the interpreter's lock.
_LIB = ctypes.PyDLL(rego_shared.rego._name)


def _function(name: str, *takes: Any, gives: Any = ctypes.c_uint32) -> Any:
    found = getattr(_LIB, name)
    found.argtypes, found.restype = (ctypes.c_void_p, *takes) if takes else [], gives
    return found


_NEW = _function("regoNewInput", gives=ctypes.c_void_p)
_STRING = _function("regoInputString", ctypes.c_char_p)
_BOOLEAN = _function("regoInputBoolean", ctypes.c_bool)
_INTEGER = _function("regoInputInt", ctypes.c_int64)
_FLOAT = _function("regoInputFloat", ctypes.c_double)
_OBJECT = _function("regoInputObject", ctypes.c_uint32)
_ARRAY = _function("regoInputArray", ctypes.c_uint32)
_SET = _function("regoSetInput", ctypes.c_void_p)
_NULL, _ITEM, _FREE = _LIB.regoInputNull, _LIB.regoInputObjectItem, _LIB.regoFreeInput
for _one in (_NULL, _ITEM, _FREE):
    _one.argtypes = [ctypes.c_void_p]
_FREE.restype = None


def give_input(interpreter: Any, document: Json) -> None:
    """Make a document the input of an interpreter.

    Raises:
        Denied: ``policy_input`` when it nests too deeply to be judged.
    """
    handle = ctypes.c_void_p(_NEW())
    try:
        _put(handle, document, _DEPTH)
        if _SET(interpreter, handle) != 0:
            raise Denied(
                "The arguments are too large for the policies to judge.",
                code="policy_input",
                advice="Pass less at once, or pass a file.",
            )
    finally:
        _FREE(handle)


def _put(handle: Any, value: Json, left: int) -> None:
    if isinstance(value, str):
        _STRING(handle, _text(value))
    elif isinstance(value, (dict, Mapping)):
        _check(left)
        for key, inner in value.items():
            _STRING(handle, _name(key))
            _put(handle, inner, left - 1)
            _ITEM(handle)
        _OBJECT(handle, len(value))
    elif isinstance(value, (list, tuple, Sequence)):
        _check(left)
        for inner in value:
            _put(handle, inner, left - 1)
        _ARRAY(handle, len(value))
    else:
        _put_scalar(handle, value)


def _check(left: int) -> None:
    if left <= 0:
        raise Denied(
            f"The arguments nest deeper than {_DEPTH} levels, which no policy can judge.",
            code="policy_input",
            advice="Nest the arguments less.",
        )


def _put_scalar(handle: Any, value: Json) -> None:
    if isinstance(value, bool):
        _BOOLEAN(handle, value)
    elif isinstance(value, int):
        if -_LARGEST <= value <= _LARGEST:
            _INTEGER(handle, value)
        else:
            _FLOAT(handle, float(min(max(value, -(10**300)), 10**300)))
    elif isinstance(value, float):
        _FLOAT(handle, value)
    elif value is None:
        _NULL(handle)
    else:
        raise TypeError(f"{type(value).__name__} is no JSON")


def _text(value: str) -> bytes:
    """Return a text as it stands between the quotes of JSON."""
    if value.isalnum() and value.isascii():
        return value.encode()
    return _ESCAPED(value)[1:-1].encode("utf-8", "replace")


@lru_cache(maxsize=1024)
def _name(value: str) -> bytes:
    return _text(value)
