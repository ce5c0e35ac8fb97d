"""The worker of a forked process: the real one, with a log that kills it at the right moment."""

import asyncio
import signal
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from kapell.adapters.system.solitary import SolitaryProcess
from kapell.bootstrap.app import App, open_app
from kapell.core.events.envelope import Event
from kapell.core.runs.program import Program
from kapell.core.runs.state import State
from kapell.core.runs.status import TERMINAL
from kapell.kit.ids import RunId, WorkerId
from kapell.services.runs.advancing.worker import Limits, Worker
from kapell.testing.crash.deadly import DeadlyLog
from kapell.testing.crash.mission import Mission
from tests.crash.slow import tools


def work(mission: Mission) -> None:
    """Carry a mission out; returns when it is done, or never."""
    asyncio.run(_work(mission))


async def _work(mission: Mission) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    async with open_app(Path(mission.workspace), extra_tools=tools()) as app:
        worker = worker_of(app, mission)
        worker.desk.observers.append(partial(_stop_at_end, RunId(mission.until), stop))
        await worker.run(stop)


def _stop_at_end(
    run: RunId,
    stop: asyncio.Event,
    changed: RunId,
    events: Sequence[Event],
    state: State,
    program: Program,
) -> None:
    del events, program
    if changed == run and state.status in TERMINAL:
        stop.set()


def worker_of(app: App, mission: Mission) -> Worker:
    """Return the worker a mission describes."""
    desk = app.desk(WorkerId(mission.worker))
    if mission.kill:
        desk.log = DeadlyLog(desk.log, mission)  # type: ignore[assignment]  # the rest is the real log's
    caps = app.settings.worker.workflows
    limits = Limits(runs=mission.runs, lease=mission.lease, caps=caps)
    alone = SolitaryProcess(mission.workspace, desk.worker, module="tests.crash.alone")
    return Worker(desk, app.store.doorbell, limits, alone)
