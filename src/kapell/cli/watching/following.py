"""Reads a run's events as they come, from this process or another, without a busy loop."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from kapell.bootstrap.app import App
from kapell.core.events.envelope import Event
from kapell.core.events.run import RunQueued
from kapell.kit.ids import RunId
from kapell.projections.outline import outline
from kapell.projections.tree import RunView, begin, fold

Sink = Callable[[RunView, Sequence[Event]], None]
"""Told the run and what is new in it."""

SHORTEST = 0.05
LONGEST = 0.5
"""Seconds between two looks while nothing comes: they grow from the one to the other."""
_PAGE = 1000


class Follower:
    """Keeps the view of one run up to date."""

    def __init__(self, app: App, run_id: RunId) -> None:
        self._app = app
        self.run_id = run_id
        self.seq = 0
        self._past: list[Event] = []
        self._sink: Sink | None = None
        self._view: RunView | None = None
        self.news = asyncio.Event()
        """Set by whoever knows that there is something new: it shortens the pause."""

    @property
    def view(self) -> RunView:
        """Return the run as far as it was read; ``catch_up`` must have been called."""
        assert self._view is not None  # noqa: S101 - a run has its first event from its start
        return self._view

    def show(self, sink: Sink) -> None:
        """Tell from now on another sink; what nobody was told yet comes first."""
        self._sink = sink
        if self._view is not None:
            sink(self._view, self._past)
            self._past = []

    async def catch_up(self) -> bool:
        """Read what is new; tell whether there was anything."""
        any_new = False
        while True:
            events = await self._app.reader.events(self._app.tenant, self.run_id, self.seq, _PAGE)
            if not events:
                return any_new
            any_new = True
            for event in events:
                self._view = (
                    await _begun(self._app, event)
                    if self._view is None
                    else fold(self._view, event)
                )
            self.seq = events[-1].seq
            if self._sink is None:
                self._past.extend(events)
            else:
                self._sink(self.view, events)
            if len(events) < _PAGE:
                return True

    async def until(self, done: Callable[[], bool]) -> None:
        """Follow until ``done``; it is asked after every look."""
        pause = SHORTEST
        while True:
            found = await self.catch_up()
            if done():
                return
            pause = SHORTEST if found else min(pause * 1.5, LONGEST)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.news.wait()
            self.news.clear()


async def whole(app: App, history: Sequence[Event]) -> RunView:
    """Return the view of a whole log, its steps laid out as their author wrote them."""
    view = await _begun(app, history[0])
    for event in history[1:]:
        fold(view, event)
    return view


async def _begun(app: App, event: Event) -> RunView:
    """Return the view of a run at its first event, its steps laid out."""
    request = event.payload
    assert isinstance(request, RunQueued)  # noqa: S101 - every log begins with it
    program = await app.histories.program(request.version)
    return begin(event, outline(program.version))
