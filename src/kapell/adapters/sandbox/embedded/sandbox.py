"""The sandbox of monty: small Python programs without a process to start.

monty is an interpreter that knows no files, no network and no host; it runs in worker processes of
its own that are kept warm, so a crash of the interpreter is not ours.

Its blocking interface is used, from threads of ours: after a failed or cancelled call, threads of
its asynchronous one touch Python objects a moment longer than the call, and where Python ends in
that moment the whole process aborts (6 of 20 with pydantic-monty 1.4.0 on Python 3.11).
"""

import asyncio
import importlib.util
import json
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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


class _Feed:
    """One program in a worker: fed from a thread of ours, ended from outside with its worker."""

    def __init__(self, pool: "pydantic_monty.Monty", program: Program) -> None:
        import pydantic_monty  # noqa: PLC0415 - a vendor's, loaded on use

        self._pool, self._program = pool, program
        self._lock = threading.Lock()
        self._worker: int | None = None
        self._given_up = False
        self.said = pydantic_monty.CollectStreams(program.limits.output)

    def run(self) -> object:
        """Return the program's value; blocks."""
        limits = self._program.limits
        held: pydantic_monty.ResourceLimits = {
            "max_feed_duration_secs": limits.seconds,
            "max_total_sleep_secs": limits.seconds,
            "max_memory": limits.memory,
        }
        with self._pool.checkout(limits=held) as session:
            with self._lock:
                if self._given_up:
                    return None
                self._worker = session.worker_pid
            try:
                return session.feed_run(
                    self._program.source,
                    inputs={"input": self._program.input},
                    print_callback=self.said,
                )
            finally:
                # From here on the worker is another program's.
                with self._lock:
                    self._worker = None

    def give_up(self) -> None:
        """End the program, running or not yet begun; its thread ends by that."""
        with self._lock:
            self._given_up = True
            if self._worker is not None:
                with suppress(ProcessLookupError):
                    os.kill(self._worker, signal.SIGKILL)


class Monty:
    """Runs Python programs that compute and nothing else.

    Args:
        everything: Whether it takes every Python program: where somebody chose it, rather than
            leaving the choice open.
    """

    name = NAME

    def __init__(self, *, everything: bool = False) -> None:
        self._everything = everything
        self._lock = threading.Lock()
        self._workers: tuple[pydantic_monty.Monty, ThreadPoolExecutor] | None = None

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

        pool, threads = await self._warm()
        feed = _Feed(pool, program)
        began = perf_counter()
        try:
            value = await _fed(feed, threads)
        except pydantic_monty.MontyCrashedError as error:
            if error.timed_out:
                return self._ended(began, feed.said.output, "time")
            raise broken(NAME, "its worker died") from error
        except pydantic_monty.MontyError as error:
            limit = _limit(str(error), program.limits.output)
            if limit is not None:
                return self._ended(began, feed.said.output, limit)
            failed = self._told(began, feed.said.output, error=_displayed(error))
            raise Unfit("it may need more of Python than monty has", failed) from error
        return self._valued(began, feed.said.output, value)

    async def close(self) -> None:
        """Let the workers go."""
        with self._lock:
            workers, self._workers = self._workers, None
        if workers is not None:
            pool, threads = workers
            await asyncio.to_thread(threads.shutdown)
            pool.__exit__(None, None, None)

    async def _warm(self) -> "tuple[pydantic_monty.Monty, ThreadPoolExecutor]":
        workers = self._workers
        return await asyncio.to_thread(self._started) if workers is None else workers

    def _started(self) -> "tuple[pydantic_monty.Monty, ThreadPoolExecutor]":
        """Return the workers and a thread for each, started at the first use."""
        import pydantic_monty  # noqa: PLC0415 - a vendor's, loaded on use

        with self._lock:
            if (workers := self._workers) is None:
                most = max(2, min(os.cpu_count() or 2, 8))
                pool = pydantic_monty.Monty(min_processes=1, max_processes=most)
                workers = self._workers = pool.__enter__(), ThreadPoolExecutor(most, "monty")
            return workers

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


async def _fed(feed: _Feed, threads: ThreadPoolExecutor) -> object:
    """Return the program's value; whoever is cancelled ends the program and sees its thread off."""
    running = asyncio.wrap_future(threads.submit(feed.run))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        feed.give_up()
        await asyncio.wait([running])
        running.exception()
        raise


def _limit(message: str, output: int) -> Limit | None:
    """Return the limit that a message tells of; printing too much is a failure of memory to it."""
    for words, limit in _LIMITS.items():
        if f"{words} exceeded" in message or (words == "sleep" and "TimeoutError" in message):
            return "output" if limit == "memory" and f"> {output} bytes" in message else limit
    return None


def _displayed(error: "pydantic_monty.MontyError") -> str:
    display = getattr(error, "display", None)
    return f"{display() if display is not None else error}\n"
