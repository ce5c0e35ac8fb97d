"""Names of tools, calls and property keys on the wires, which allow few characters and no length.

Ours become theirs by a rule alone, so that a conversation reads the same however often and to
whomever it is sent: ``table.read`` is ``table__read``. A name the rule cannot turn back carries a
mark of its own. Theirs become ours through the names that were offered.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_DOT = "__"
_LONGEST = 64
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_MARK = 10
_KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_NO_WORD = re.compile(r"[^A-Za-z0-9_]+")
_MARKED = re.compile(rf".*_x[0-9a-f]{{{_MARK}}}")


def wire_name(name: str) -> str:
    """Return a tool's name as every wire takes it; two names never become one."""
    parts = name.split(".")
    clear = all(_DOT not in part and part.strip("_") == part for part in parts)
    plain = _DOT.join(parts)
    if clear and _PLAIN.fullmatch(name) and len(plain) <= _LONGEST:
        return plain
    kept = _UNSAFE.sub("_", name).strip("_")[: _LONGEST - _MARK - 4]
    return f"t_{kept}_x{_mark(name)}"


def wire_key(key: str) -> str:
    """Return a property's key as every wire takes it; two keys never become one."""
    if _KEY.fullmatch(key) and not _MARKED.fullmatch(key):
        return key
    kept = _NO_WORD.sub("_", key).strip("_")[: _LONGEST - _MARK - 3]
    start = "_" if kept[:1].isdigit() else ""
    return f"{start}{kept}_x{_mark(key)}"


def our_names(names: Iterable[str]) -> dict[str, str]:
    """Return what each offered tool is called on the wire, and whose name that is."""
    return {wire_name(name): name for name in names}


def our_name(wire: str, offered: Mapping[str, str]) -> str:
    """Return the tool a model means; one that was not offered keeps its name as far as we read it.

    Some models write a name with its dot although they were shown another.
    """
    return offered.get(wire) or wire.replace(_DOT, ".")


def wire_id(given: str) -> str:
    """Return the id of a tool call as every wire takes it: those of one vendor may be odd."""
    return given if _ID.fullmatch(given) else f"call_{_mark(given)}"


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK]
