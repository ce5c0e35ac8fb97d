"""Carries a run out in this process and stays with it until it ends or somebody is needed."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass

from kapell.cli.exits import Exit
from kapell.cli.session import Session
from kapell.cli.watching.asking import Answered, Choice, ask, confirm, facts
from kapell.cli.watching.documents import value_of
from kapell.cli.watching.ending import left_text, tell_end
from kapell.cli.watching.following import Follower, Sink
from kapell.cli.watching.live import LiveTree
from kapell.cli.watching.plain import PlainLines
from kapell.cli.watching.silence import silence
from kapell.core.runs.status import RunStatus
from kapell.kit.errors import Conflict, Denied, Invalid, KapellError
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.projections.asked import OpenApproval
from kapell.projections.tree import RunView

_GOING = (RunStatus.QUEUED, RunStatus.ASSIGNED, RunStatus.RUNNING)
"""States of a run in which somebody should be at work on it."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a run is attended.

    Attributes:
        yes: Approve whatever is asked, and say so.
        as_json: Write one JSON document at the end and nothing else.
    """

    yes: bool = False
    as_json: bool = False


async def attend(session: Session, run_id: RunId, manner: Manner, *, known: bool = False) -> Exit:
    """Work on a run in this process until it ends or waits for somebody who is not here.

    Args:
        session: The command.
        run_id: The run.
        manner: How it is attended.
        known: Whether its past is known already; then only what is new is told as lines.
    """
    with _interruptible() as interrupted:
        follower = Follower(session.app, run_id)
        await follower.catch_up()
        if follower.view.guards and session.surroundings.live and not manner.as_json:
            session.screen.note(follower.view.guards)
        lines = PlainLines(session.screen, seen=follower.seq if known else 0)
        while True:
            with shown(session, manner, lines) as sink, _doubts(session, run_id, manner):
                follower.show(sink)
                view = await _once(session, follower, interrupted)
            if interrupted.is_set():
                return _interrupted(session, run_id, view, manner)
            if view.ended or not view.approvals:
                break
            if not await _answered(session, view, manner):
                break
    return await tell_end(session, view, as_json=manner.as_json)


async def watch(session: Session, run_id: RunId, manner: Manner) -> Exit:
    """Follow a run that others carry out until it ends or waits for a person."""
    lines = PlainLines(session.screen)
    with _interruptible() as interrupted, shown(session, manner, lines) as sink:
        follower = Follower(session.app, run_id)
        follower.show(sink)
        summary = await session.summary(run_id)
        if not summary.attended and summary.status in _GOING:
            session.screen.note(left_text(summary.status, run_id))
        stopping = asyncio.create_task(_ring(interrupted, follower))

        def done() -> bool:
            ended = (
                follower.view.ended if session.surroundings.live else stands_still(follower.view)
            )
            return interrupted.is_set() or ended

        await follower.until(done)
        stopping.cancel()
    if interrupted.is_set():
        return Exit.INTERRUPTED
    return await tell_end(session, follower.view, as_json=manner.as_json)


def stands_still(view: RunView) -> bool:
    """Tell whether a run has ended or waits for a person: a program need not follow it further."""
    return view.ended or (view.status is RunStatus.WAITING and bool(view.approvals))


@contextlib.contextmanager
def shown(session: Session, manner: Manner, lines: PlainLines) -> Iterator[Sink]:
    """Give what shows a run: a live tree at a terminal, lines in a pipe, nothing for programs."""
    if manner.as_json:
        yield lambda view, events: None
    elif session.surroundings.live:
        with LiveTree(session.surroundings) as tree:
            stop = session.app.deltas.listen(tree.hear)
            try:
                yield tree
            finally:
                stop()
    else:
        yield lines


async def _once(session: Session, follower: Follower, interrupted: asyncio.Event) -> RunView:
    """Work until the run ends, waits for a person, or somebody pressed Ctrl-C."""
    work = asyncio.create_task(session.app.run_until_idle(follower.run_id))
    ring = asyncio.create_task(_ring(interrupted, follower))
    work.add_done_callback(lambda _: follower.news.set())
    try:
        await follower.until(lambda: work.done() or interrupted.is_set())
    finally:
        ring.cancel()
        if not work.done():
            # Cancelled, the worker lets calls in flight end and gives the run back.
            session.screen.note("Stopping when calls in flight end; Ctrl-C again stops at once.")
            work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
    await follower.catch_up()
    return follower.view


@contextlib.contextmanager
def _doubts(session: Session, run_id: RunId, manner: Manner) -> Iterator[None]:
    """Say when the store does not answer, and how the run goes on if that ends the command."""
    with contextlib.nullcontext() if manner.as_json else silence(session.screen):
        try:
            yield
        except KapellError:
            if not manner.as_json:
                session.screen.note(
                    f"Nothing is lost: the run goes on with\n  kapell runs resume {run_id}"
                )
            raise


async def _ring(interrupted: asyncio.Event, follower: Follower) -> None:
    await interrupted.wait()
    follower.news.set()


@contextlib.contextmanager
def _interruptible() -> Iterator[asyncio.Event]:
    """Let Ctrl-C and a polite kill set an event; a second one ends at once."""
    loop = asyncio.get_running_loop()
    event = asyncio.Event()
    task = asyncio.current_task()

    def stop() -> None:
        if event.is_set() and task is not None:
            task.cancel()
        event.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        yield event
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _interrupted(session: Session, run_id: RunId, view: RunView, manner: Manner) -> Exit:
    if manner.as_json:
        session.screen.document(
            {"run_id": run_id, "status": view.status.value, "exit_code": int(Exit.INTERRUPTED)}
        )
    else:
        session.screen.complain(
            f"\nStopped. Nothing is lost: the run goes on with\n  kapell runs resume {run_id}"
        )
    return Exit.INTERRUPTED


async def _answered(session: Session, view: RunView, manner: Manner) -> bool:
    """Answer what is asked; tell whether anything was answered."""
    if manner.yes:
        return await _said_yes(session, view, manner)
    if manner.as_json or not session.surroundings.person:
        return False
    answered = False
    for one in view.approvals.values():
        data = await value_of(session.app, one.data)
        shown = await session.app.approvals.show(RunId(view.run_id), one.path)
        said = ask(session.screen, one.title, data, one.edit, facts(shown))
        while said.choice is Choice.EDIT:
            said = await _looked_at(session, view, one, said) or ask(
                session.screen, one.title, data, one.edit
            )
        if said.choice is Choice.LATER:
            continue
        changed = None if said.data is None else dict(said.data)
        approved = said.choice is Choice.APPROVE
        digest = shown.row.standing.digest
        taken = await _send(session, view, one, approved, said.note, changed, digest)
        answered = answered or taken
    return answered


async def _looked_at(
    session: Session, view: RunView, one: OpenApproval, said: Answered
) -> Answered | None:
    """Return the answer to an edit, once its person has seen it; None: they edit anew."""
    try:
        edited = await session.app.approvals.preview(RunId(view.run_id), one.path, said.data)
    except (Conflict, Denied, Invalid) as error:
        session.screen.note(f"{one.path}: {error.message} {error.advice}")
        return Answered(Choice.LATER) if isinstance(error, Conflict) else None
    answer = confirm(session.screen, edited, said.data or {})
    return None if answer.choice is Choice.EDIT else answer


async def _said_yes(session: Session, view: RunView, manner: Manner) -> bool:
    """Approve what authors ask; what a policy or a guard asks is for somebody who looks."""
    asked = [one for one in view.approvals.values() if not one.held]
    count = 0
    for one in asked:
        count += await _send(session, view, one, True, "answered by --yes", None)
    if manner.as_json:
        return count > 0
    if count:
        session.screen.say(f"Approved {count} request{'s' if count > 1 else ''} for you (--yes).")
    held = len(view.approvals) - len(asked)
    if held:
        session.screen.note(
            f"--yes does not answer what a policy or a guard asks ({held}): look at it, and answer."
        )
    return count > 0


async def _send(
    session: Session,
    view: RunView,
    one: OpenApproval,
    approved: bool,
    note: str,
    data: Json,
    digest: str = "",
) -> bool:
    """Send an answer; False when it is refused, or another one was quicker."""
    try:
        return await session.app.approvals.answer(
            RunId(view.run_id),
            one.path,
            approved,
            note=note,
            data=data,
            digest=digest,
        )
    except (Conflict, Denied, Invalid) as error:
        session.screen.note(f"{one.path}: {error.message} {error.advice}")
        return False
