"""What every measured script says and how: one JSON line a fact, on standard output.

Standard library only: the scripts of the peers import it from environments of their own.
"""

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


def sample(metric: str, value: float) -> None:
    """Say one measured value."""
    _say({"kind": "sample", "metric": metric, "value": value})


def samples(metric: str, values: Iterable[float]) -> None:
    """Say many measured values of one metric."""
    for value in values:
        sample(metric, value)


def turn_ended() -> None:
    """Say that this turn is over: the next contestant may begin."""
    _say({"kind": "turn"})


def turns() -> Iterator[None]:
    """Yield once for every turn this contestant is given; the first word says it is ready."""
    turn_ended()
    while sys.stdin.readline():
        yield
        turn_ended()


async def awaited_turns() -> AsyncIterator[None]:
    """Yield once for every turn, and let the event loop go on in between."""
    turn_ended()
    while await asyncio.to_thread(sys.stdin.readline):
        yield
        turn_ended()


@contextmanager
def rate(steps: int) -> Iterator[None]:
    """Measure steps a second of what happens inside, and processor time of this process a step."""
    begun, spent = time.perf_counter(), time.process_time()
    yield
    sample("wide_steps_s", steps / (time.perf_counter() - begun))
    sample("wide_cpu_ms", (time.process_time() - spent) * 1000 / steps)


def setting(name: str, value: object) -> None:
    """Say a setting that was read back from what was measured, not the one that was asked for."""
    _say({"kind": "setting", "name": name, "value": value})


def note(text: str) -> None:
    """Say something a reader of the results should know."""
    _say({"kind": "note", "text": text})


def _say(fact: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(fact) + "\n")
    sys.stdout.flush()


def stamp() -> float:
    """Return seconds on a clock all processes of this machine share."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


class Stamps:
    """A file many processes append lines to: who did what, when. Survives ``kill -9``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_RDWR, 0o644)
        self._position = 0
        self._seen: dict[str, float] = {}

    def add(self, what: str) -> None:
        """Append one line in one write."""
        os.write(self._file, f"{stamp():.6f} {os.getpid()} {what}\n".encode())

    def read(self) -> list[tuple[float, int, str]]:
        """Return what was appended so far, whole lines only."""
        text = self._path.read_text()
        found = []
        for line in text[: text.rfind("\n") + 1].splitlines():
            at, pid, what = line.split(" ", 2)
            found.append((float(at), int(pid), what))
        return found

    def wait(self, what: str, seconds: float, pause: float = 0.0005) -> float:
        """Return when ``what`` was stamped.

        Raises:
            TimeoutError: it was not within ``seconds``.
        """
        until = time.monotonic() + seconds
        while what not in self._seen:
            self._follow()
            if what not in self._seen:
                if time.monotonic() > until:
                    raise TimeoutError(f"{what} was not seen within {seconds} s")
                time.sleep(pause)
        return self._seen[what]

    def _follow(self) -> None:
        """Read what was appended since the last look."""
        new = os.pread(self._file, 1 << 20, self._position)
        whole = new[: new.rfind(b"\n") + 1]
        self._position += len(whole)
        for line in whole.decode().splitlines():
            at, _, what = line.split(" ", 2)
            self._seen.setdefault(what, float(at))


def peak_mb() -> float:
    """Return the most memory this process ever held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def resident_mb(pid: int) -> float:
    """Return the memory another process holds now, in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)
