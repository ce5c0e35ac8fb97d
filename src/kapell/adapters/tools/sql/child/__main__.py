"""Answers one query: the request comes on stdin, the rows go out on stdout, both as JSON."""

import json
import os
import resource
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from kapell.adapters.tools.sql.child.refusal import Refused
from kapell.core.tools.engines import cell

_OWN = 512 * 1024 * 1024


def main() -> None:
    """Answer."""
    asked = json.load(sys.stdin.buffer)
    try:
        answer = _answer(asked)
    except Refused as refused:
        answer = {"refused": refused.reason, "detail": refused.detail[:2000]}
    except MemoryError:
        answer = {"refused": "memory", "detail": ""}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)  # engines may take long to close, and nothing here outlives them


def _answer(asked: Mapping[str, Any]) -> dict[str, object]:
    memory, seconds = int(asked["memory"]), float(asked["seconds"])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 2, int(seconds) + 3))
    if asked["engine"] == "duckdb":
        from kapell.adapters.tools.sql.child.duck import Duck  # noqa: PLC0415 - only when asked

        engine: Any = Duck(asked["folder"], asked["tables"], memory, seconds)
    else:
        from kapell.adapters.tools.sql.child.lite import Lite  # noqa: PLC0415 - only when asked

        engine = Lite(asked["database"], memory, seconds)
    _bound(memory)
    columns, rows = engine.rows(asked["query"], asked["params"])
    kept, more = _kept(rows, int(asked["limit"]), int(asked["bytes"]))
    named = zip(_names(name for name, _ in columns), (kind for _, kind in columns), strict=True)
    return {
        "columns": [{"name": name, "type": kind} for name, kind in named],
        "rows": kept,
        "more": more,
    }


def _bound(memory: int) -> None:
    """Bound what the process may map beside what it has mapped; engines count loosely."""
    try:
        with open("/proc/self/statm", "rb") as stream:
            mapped = int(stream.read().split()[0]) * resource.getpagesize()
    except OSError:
        mapped = 4 * 2**30
    most = mapped + memory + _OWN
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _kept(
    rows: Iterable[tuple[object, ...]], limit: int, most: int
) -> tuple[list[list[object]], bool]:
    kept: list[list[object]] = []
    size = 0
    for row in rows:
        if len(kept) == limit:
            return kept, True
        plain = [cell(one) for one in row]
        size += len(json.dumps(plain))
        if size > most:
            raise Refused("large", "")
        kept.append(plain)
    return kept, False


def _names(names: Iterable[str]) -> list[str]:
    """Return names that differ: a query may give two columns the same one."""
    found: list[str] = []
    for name in names:
        unique, number = name, 2
        while unique in found:
            unique, number = f"{name}_{number}", number + 1
        found.append(unique)
    return found


if __name__ == "__main__":
    main()
