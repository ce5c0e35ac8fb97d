"""Requests that were refused before anything of them could be in a run's log."""

import asyncio
import logging

import msgspec

from kapell.core.audit.telling import code
from kapell.kit.clock import Clock
from kapell.kit.errors import KapellError
from kapell.services.audit.ports import Acts

log = logging.getLogger(__name__)

REFUSED = "request.refused"
"""The act of asking for something and being refused."""

EVERY = 60.0
"""Seconds within which the same refusal is one entry: who storms a door fills no record."""

_MOST = 1000
"""Refusals that are told apart at once; what comes from further places is told as one."""

_ELSEWHERE = ("", "", "many", "")


class _Seen(msgspec.Struct):
    """When a refusal was put on record, and how many like it came since."""

    at: float
    more: int = 0


class Refusals:
    """Puts on record who was refused what, from where and why; the same ones are counted.

    Args:
        acts: Takes the entries.
        clock: Tells which refusals came together.
    """

    def __init__(self, acts: Acts, clock: Clock) -> None:
        self._acts = acts
        self._clock = clock
        self._seen: dict[tuple[str, str, str, str], _Seen] = {}
        self._lock = asyncio.Lock()

    async def refused(self, actor: str, whence: str, what: str, error: KapellError) -> None:
        """Put a refusal on record; what fails in that is told and changes nothing.

        Args:
            actor: Who asked; empty for nobody known.
            whence: From where.
            what: What was asked for, and of what, as one name.
            error: Why it was refused; of it only the code is kept.
        """
        key = (actor, whence, what, code(error.code))
        async with self._lock:
            now = self._clock.now()
            if key not in self._seen and len(self._seen) >= _MOST:
                await self._settle(now)
                key = key if len(self._seen) < _MOST else _ELSEWHERE
            seen = self._seen.get(key)
            if seen is not None and 0 <= now - seen.at < EVERY:
                seen.more += 1
                return
            await self._put(key, (0 if seen is None else seen.more) + 1)
            self._seen[key] = _Seen(now)

    async def settle(self) -> None:
        """Put on record what was counted and not told yet."""
        async with self._lock:
            await self._settle(self._clock.now() + EVERY)

    async def _settle(self, now: float) -> None:
        over = [key for key, seen in self._seen.items() if not 0 <= now - seen.at < EVERY]
        for key in over:
            seen = self._seen.pop(key)
            if seen.more:
                await self._put(key, seen.more)

    async def _put(self, key: tuple[str, str, str, str], times: int) -> None:
        actor, whence, what, why = key
        log.warning("refused %d times: %s: %s; the audit record says whom", times, what, why)
        try:
            await self._acts.act(
                REFUSED, what, why, actor=actor or "unknown", whence=whence, times=times
            )
        except KapellError as error:
            log.warning("that a request was refused is not on record: %s", error)
