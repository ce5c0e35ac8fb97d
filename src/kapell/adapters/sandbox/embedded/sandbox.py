"""The sandbox of monty: small Python programs without a process to start.

monty is an interpreter that knows no files, no network and no host; it runs in worker processes of
its own that are kept warm, so a crash of the interpreter is not ours.
"""

import asyncio
import importlib.util
import json
import os
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, cast

from kapell.adapters.sandbox.embedded.suited import suits
from kapell.adapters.sandbox.problems import broken, unavailable
from kapell.kit.json import Json
from kapell.services.sandbox.ports import Limit, Outcome, Program, Readiness, Unfit

if TYPE_CHECKING:
    import pydantic_monty

NAME = "monty"
_LIMITS: dict[str, Limit] = {
    "feed time limit": "time",
    "sleep": "time",
    "memory limit": "memory",
}


class Monty:
    """Runs Python programs that compute and nothing else.

    Args:
        everything: Whether it takes every Python program: where somebody chose it, rather than
            leaving the choice open.
    """

    name = NAME

    def __init__(self, *, everything: bool = False) -> None:
        self._everything = everything
        self._pool: pydantic_monty.AsyncMonty | None = None
        self._home: asyncio.AbstractEventLoop | None = None
        self._lock = asyncio.Lock()

    async def readiness(self) -> Readiness:
        """Return whether the interpreter is installed."""
        if importlib.util.find_spec("pydantic_monty") is None:
            return Readiness(
                ok=False,
                detail="the package pydantic-monty is not installed",
                advice="Install it: `pip install pydantic-monty`.",
            )
        try:
            await self._warm()
        except (OSError, RuntimeError) as error:
            return Readiness(
                ok=False,
                detail=f"its worker does not start: {error}",
                advice="Install pydantic-monty anew, with the runtime for this machine.",
            )
        return Readiness(ok=True, detail="small programs that only compute", languages=("python",))

    def takes(self, program: Program) -> bool:
        """Tell whether it is Python that needs no package and no file."""
        if program.language != "python" or program.packages:
            return False
        return self._everything or suits(program.source)

    async def run(self, program: Program) -> Outcome:
        """Run a program; what it cannot do, a larger sandbox has to."""
        ready = await self.readiness()
        if not ready.ok:
            raise unavailable(NAME, ready.detail, ready.advice)
        import pydantic_monty  # noqa: PLC0415 - a vendor's, loaded on use

        pool = await self._warm()
        limits = program.limits
        said = pydantic_monty.CollectStreams(limits.output)
        began = perf_counter()
        held: pydantic_monty.ResourceLimits = {
            "max_feed_duration_secs": limits.seconds,
            "max_total_sleep_secs": limits.seconds,
            "max_memory": limits.memory,
        }
        try:
            async with asyncio.timeout(limits.seconds + 1), pool.checkout(limits=held) as session:
                value = await session.feed_run(
                    program.source, inputs={"input": program.input}, print_callback=said
                )
        except TimeoutError:
            return self._ended(began, said.output, "time")
        except pydantic_monty.MontyCrashedError as error:
            if error.timed_out:
                return self._ended(began, said.output, "time")
            raise broken(NAME, "its worker died") from error
        except pydantic_monty.MontyError as error:
            limit = _limit(str(error), limits.output)
            if limit is not None:
                return self._ended(began, said.output, limit)
            failed = self._told(began, said.output, error=_displayed(error))
            raise Unfit("it may need more of Python than monty has", failed) from error
        return self._valued(began, said.output, value)

    async def close(self) -> None:
        """Let the workers go."""
        pool, self._pool = self._pool, None
        if pool is not None and self._home is asyncio.get_running_loop():
            await pool.__aexit__(None, None, None)

    async def _warm(self) -> "pydantic_monty.AsyncMonty":
        """Return the workers of this event loop, started at the first use."""
        import pydantic_monty  # noqa: PLC0415 - a vendor's, loaded on use

        loop = asyncio.get_running_loop()
        async with self._lock:
            if self._pool is None or self._home is not loop:
                pool = pydantic_monty.AsyncMonty(
                    min_processes=1, max_processes=max(2, min(os.cpu_count() or 2, 8))
                )
                self._pool, self._home = await pool.__aenter__(), loop
            return self._pool

    def _valued(self, began: float, said: Sequence[tuple[str, str]], value: object) -> Outcome:
        try:
            result = cast("Json", json.loads(json.dumps(value, allow_nan=False)))
        except (TypeError, ValueError, RecursionError) as error:
            return self._told(began, said, fault=str(error) or type(error).__name__)
        return self._told(began, said, result=result)

    def _ended(self, began: float, said: Sequence[tuple[str, str]], limit: Limit) -> Outcome:
        told = self._told(began, said, error="")
        return Outcome(
            backend=NAME,
            exit=1,
            stdout=told.stdout,
            stderr=told.stderr,
            seconds=told.seconds,
            limit=limit,
        )

    def _told(
        self,
        began: float,
        said: Sequence[tuple[str, str]],
        *,
        result: Json = None,
        fault: str = "",
        error: str | None = None,
    ) -> Outcome:
        return Outcome(
            backend=NAME,
            exit=0 if error is None else 1,
            result=result,
            stdout="".join(text for stream, text in said if stream == "stdout"),
            stderr="".join(text for stream, text in said if stream == "stderr") + (error or ""),
            seconds=perf_counter() - began,
            fault=fault,
        )


def _limit(message: str, output: int) -> Limit | None:
    """Return the limit that a message tells of; printing too much is a failure of memory to it."""
    for words, limit in _LIMITS.items():
        if f"{words} exceeded" in message or (words == "sleep" and "TimeoutError" in message):
            return "output" if limit == "memory" and f"> {output} bytes" in message else limit
    return None


def _displayed(error: "pydantic_monty.MontyError") -> str:
    display = getattr(error, "display", None)
    return f"{display() if display is not None else error}\n"
