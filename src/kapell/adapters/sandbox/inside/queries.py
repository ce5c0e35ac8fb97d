"""Runs one SQL program in a child process: fed and asked as every sandbox is, see ``supervisor``.

The child belongs to us, for an engine is a library; what it runs does not. So the engine is locked
first (no files but the run's, no network, no extensions, no settings), the process may write
nothing, and whoever started it watches its memory and its time.
"""

import json
import os
import resource
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from kapell.adapters.sandbox.inside import supervisor
from kapell.adapters.sandbox.inside.ending import Failed, TooMuch
from kapell.core.tools.engines import cell


class Engine(Protocol):
    """A SQL engine, open and locked."""

    def run(self, source: str, values: Mapping[str, object]) -> Iterable[dict[str, object]] | None:
        """Run the statements; return the rows of the last one, None when it yields none."""
        ...

    def interrupt(self) -> None:
        """End what runs, from another thread."""
        ...


def main() -> None:
    """Carry out the job that comes on stdin and report on the descriptor named."""
    kind, folder, report = sys.argv[1], sys.argv[2], int(sys.argv[3])
    os.chdir(folder)
    stream = os.fdopen(0, "rb", closefd=False)
    job = json.loads(stream.read(int.from_bytes(stream.read(8), "big")))
    supervisor.take_in(folder, stream, job["files"])
    tables, values = _split(job["input"])
    told = _told(kind, folder, job, tables, values)
    told = {"names": [name for name, _ in job["files"]], "left": [], "files": [], **told}
    header = json.dumps(told).encode()
    with os.fdopen(report, "wb") as target:
        target.write(len(header).to_bytes(8, "big") + header)
    sys.stdout.flush()
    os._exit(0)


def _told(
    kind: str,
    folder: str,
    job: dict[str, Any],
    tables: Mapping[str, Sequence[Mapping[str, object]]],
    values: Mapping[str, object],
) -> dict[str, object]:
    limits = job["limits"]
    end = time.monotonic() + limits["seconds"]
    try:
        engine = _opened(kind, folder, limits, tables)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        clock = threading.Timer(end - time.monotonic(), engine.interrupt)
        clock.daemon = True
        clock.start()
        rows = engine.run(job["source"], values)
        found = None if rows is None else _kept(rows, limits["result"])
        return {"exit": 0, "value": json.dumps({"result": found})}
    except TooMuch as limit:
        return {"exit": 1, "limit": str(limit)}
    except MemoryError:
        return {"exit": 1, "limit": "memory"}
    except Failed as failed:
        if time.monotonic() >= end:
            return {"exit": 1, "limit": "time"}
        sys.stderr.write(f"{failed}\n")
        return {"exit": 1}


def _opened(
    kind: str,
    folder: str,
    limits: dict[str, Any],
    tables: Mapping[str, Sequence[Mapping[str, object]]],
) -> Engine:
    if kind == "duckdb":
        from kapell.adapters.sandbox.inside.duck import Duck  # noqa: PLC0415 - only where asked for

        return Duck(folder, limits["memory"], tables)
    from kapell.adapters.sandbox.inside.lite import Lite  # noqa: PLC0415 - only where asked for

    return Lite(limits["addresses"], tables)


def _split(
    given: object,
) -> tuple[dict[str, Sequence[Mapping[str, object]]], dict[str, object]]:
    """Return what becomes tables and what becomes named values."""
    named = given if isinstance(given, dict) else {"input": given}
    tables: dict[str, Sequence[Mapping[str, object]]] = {}
    values: dict[str, object] = {}
    for name, value in named.items():
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            tables[name] = value
        else:
            values[name] = value
    return tables, values


def _kept(rows: Iterable[dict[str, object]], most: int) -> list[object]:
    kept: list[object] = []
    size = 0
    for row in rows:
        plain = cell(row)
        size += len(json.dumps(plain)) + 1
        if size > most:
            raise TooMuch("output")
        kept.append(plain)
    return kept


if __name__ == "__main__":
    main()
