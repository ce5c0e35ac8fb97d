"""SQL in a child process: the engine is locked there, and the child is watched and ended here."""

import importlib.util
import sys
import tempfile
from typing import Literal

import msgspec

from kapell.adapters.sandbox.contained import Place, contained
from kapell.adapters.sandbox.framing import judged, most, sent_in
from kapell.adapters.sandbox.problems import unavailable
from kapell.kit.json import Json
from kapell.services.sandbox.ports import Outcome, Program, Readiness

_OWN = 192 * 1024 * 1024
"""Bytes that interpreter and engine hold by themselves, beside what a program may hold."""
_GRACE = 2.0
"""Seconds beside the program's own, in which the engine starts, or ends when it is told to."""
_MODULE = "kapell.adapters.sandbox.inside.queries"


class SqlSandbox:
    """DuckDB (which reads the run's tables: CSV, JSON, Parquet) or SQLite (which reads no file)."""

    def __init__(self, engine: Literal["duckdb", "sqlite"]) -> None:
        self._engine: Literal["duckdb", "sqlite"] = engine

    @property
    def name(self) -> str:
        """Return the engine's name."""
        return self._engine

    async def readiness(self) -> Readiness:
        """Return whether the engine is installed."""
        if importlib.util.find_spec("duckdb" if self._engine == "duckdb" else "sqlite3") is None:
            return Readiness(
                ok=False,
                detail="the package duckdb is not installed",
                advice="Install it: `pip install 'kapell[sql]'`.",
            )
        return Readiness(ok=True, detail="a child process, locked", languages=("sql",))

    def takes(self, program: Program) -> bool:
        """Tell whether the program is SQL; SQLite is not for those that read files."""
        return program.language == "sql" and not program.packages

    async def run(self, program: Program) -> Outcome:
        """Run the statements in a child process; the rows of the last one are the result."""
        ready = await self.readiness()
        if not ready.ok:
            raise unavailable(self.name, ready.detail, ready.advice)
        limits = program.limits
        with tempfile.TemporaryDirectory(prefix="kapell-sql-") as folder:
            ended = await contained(
                [sys.executable, "-I", "-B", "-m", _MODULE, self._engine, folder],
                sent_in(program, {"limits": self._limits(program)}),
                msgspec.structs.replace(
                    limits, seconds=limits.seconds + _GRACE, memory=limits.memory + _OWN
                ),
                most=most(program),
                place=Place(),
            )
        return judged(self.name, program, ended)

    async def close(self) -> None:
        """Do nothing: nothing outlives a call."""

    def _limits(self, program: Program) -> Json:
        limits = program.limits
        return {
            "seconds": limits.seconds,
            "memory": limits.memory,
            "addresses": limits.memory + 2 * _OWN,
            "result": limits.output,
        }
