"""What is said when a run has ended, or waits: the outcome, and what can be done next."""

import json

from kapell.cli.exits import BY_STATUS, Exit
from kapell.cli.failures import hidden
from kapell.cli.screen import Screen
from kapell.cli.session import Session
from kapell.cli.watching.documents import run_document, value_of
from kapell.cli.watching.following import whole
from kapell.cli.watching.rows import OUTCOME_UNKNOWN, Row, rows_of
from kapell.core.runs.status import RunStatus
from kapell.kit.clock import span_text
from kapell.kit.errors import Failure
from kapell.kit.ids import RunId
from kapell.kit.money import text as money
from kapell.projections.timeline import waiting_text
from kapell.projections.tree import RunView
from kapell.services.runs.resting import resting

_LONGEST = 2000
"""Characters of an output that are shown; `runs show --json` gives all of it."""


def exit_of(view: RunView) -> Exit:
    """Return the exit code for where a run stands."""
    return BY_STATUS.get(view.status.value, Exit.OK)


async def tell_end(
    session: Session, view: RunView, *, as_json: bool, attended: bool = True
) -> Exit:
    """Say how a run stands and what comes next; return its exit code.

    Args:
        session: The command.
        view: The run.
        as_json: Write it as data.
        attended: Whether somebody works on it, so that it goes on by itself.
    """
    code = exit_of(view)
    if as_json:
        document = await run_document(session.app, view)
        session.screen.document({**document, "exit_code": int(code)})
        return code
    screen = session.screen
    short = view.run_id
    sums = f"{view.tokens:,} tokens, {money(view.usd)}"
    until = view.ended_at or view.updated_at
    took = span_text(max(0.0, until - view.created_at))
    screen.say()
    if view.status is RunStatus.SUCCEEDED:
        screen.say(f"{screen.styled('succeeded', 'green', 'bold')}  {short}  in {took}, {sums}")
        await _output(session, view)
    elif view.status is RunStatus.FAILED:
        _failed(screen, view, f"in {took}, {sums}")
    elif view.status is RunStatus.CANCELLED:
        reason = f": {view.reason}" if view.reason else ""
        screen.say(f"{screen.styled('cancelled', 'yellow', 'bold')}  {short}{reason}, {sums}")
    elif view.status is RunStatus.WAITING:
        _waiting(screen, view)
        await _children(session, view)
    elif attended:
        screen.say(f"{view.status.value}  {short}, {sums}")
    else:
        _left(screen, view, sums)
    return code


def state_of(status: RunStatus, *, attended: bool) -> str:
    """Return a run's state as people read it: one that nobody works on has stopped."""
    going = status in (RunStatus.ASSIGNED, RunStatus.RUNNING)
    return "stopped" if going and not attended else status.value


def _left(screen: Screen, view: RunView, sums: str) -> None:
    """Say that nobody works on a run, and what lets it go on."""
    state = state_of(view.status, attended=False)
    screen.say(f"{screen.styled(state, 'yellow', 'bold')}  {view.run_id}, {sums}")
    if view.dead:
        _dead(screen, view)
    screen.say(f"  {left_text(view.status, view.run_id)}")


def left_text(status: RunStatus, run_id: str) -> str:
    """Return what lets a run go on that nobody works on."""
    begins = "begins" if status is RunStatus.QUEUED else "goes on"
    return (
        f"Nobody works on it now: it {begins} with a worker (kapell worker), "
        f"or here with\n  kapell runs resume {run_id}"
    )


async def _output(session: Session, view: RunView) -> None:
    output = await value_of(session.app, view.output)
    if output is None:
        return
    text = output if isinstance(output, str) else json.dumps(output, indent=2, ensure_ascii=False)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…\n(all of it: kapell runs show {view.run_id} --json)"
    session.screen.show(text)


def _failed(screen: Screen, view: RunView, sums: str) -> None:
    screen.say(f"{screen.styled('failed', 'red', 'bold')}  {view.run_id}  {sums}")
    failure = view.failure
    if failure is not None:
        where = f"  --> step {failure.step}\n" if failure.step else ""
        advice = "".join(f"\n  {line}" for line in hidden(failure.advice).splitlines())
        head = screen.styled(f"error[{failure.code}]", "red", "bold", error=True)
        screen.complain(f"{head}: {hidden(failure.message)}\n{where}".rstrip() + advice)
    screen.say(f"  look: kapell runs show {view.run_id}")
    screen.say(f"  again: {', or '.join(_again(view))}")


def _again(view: RunView) -> list[str]:
    """Return the commands by which a failed run can succeed after all."""
    commands = [f"kapell runs restart {view.run_id}"]
    step = view.failure.step if view.failure is not None else ""
    if view.undone:
        # What was finished is undone: only a fork has it still.
        at = f" --at '{step}'" if step else ""
        return [f"kapell runs fork {view.run_id}{at}", *commands]
    return [f"kapell runs retry {view.run_id}", *commands] if view.dead else commands


def _waiting(screen: Screen, view: RunView) -> None:
    what = f" for {waiting_text(view.waiting)}" if view.waiting is not None else ""
    screen.say(f"{screen.styled('waiting', 'yellow', 'bold')}  {view.run_id}{what}")
    shown = list(view.approvals.values())[:5]
    for one in shown:
        screen.say(f"  {one.title}")
        screen.say(f"    kapell approvals answer {view.run_id} '{one.path}' --approve")
    if len(view.approvals) > len(shown):
        screen.say(f"  and {len(view.approvals) - len(shown)} more: kapell approvals list")
    if view.approvals:
        screen.say(f"  all of them: kapell approvals answer {view.run_id} --all --approve")
    if view.waiting is not None and view.waiting.signals:
        names = {one.waits for one in view.steps.values() if one.live and one.waits}
        for name in sorted(names - {"approval", "time", "child", "person", "retry", "undo"}):
            screen.say(f"  kapell runs signal {view.run_id} {name}")
    if view.dead:
        _dead(screen, view)
    if view.approvals or not view.dead:
        screen.say(f"  then: kapell runs resume {view.run_id}")


async def _children(session: Session, view: RunView) -> None:
    """Say what the runs wait for that a run waits for: who is needed is needed there."""
    app = session.app
    for one in await resting(app.reader, app.tenant, RunId(view.run_id), app.clock.now()):
        session.screen.say(f"  for the run of {one.workflow}:")
        child = await whole(app, await app.histories.events(one.run_id))
        _waiting(session.screen, child)
        await _children(session, child)


def _dead(screen: Screen, view: RunView) -> None:
    """Say why each dead letter is one, and by which commands it is mended."""
    shown = list(view.dead.items())[:5]
    for path, failure in shown:
        head = screen.styled(f"dead letter[{failure.code}]", "red", "bold")
        screen.say(f"  {head}: {hidden(failure.message)}")
        screen.say(f"    --> step {path}" if path else "    --> the run's own outputs")
        if failure.advice:
            for line in hidden(failure.advice).splitlines():
                screen.say(f"    {line}")
        for line in _ways(view.run_id, path, failure):
            screen.say(f"    {line}")
    if len(view.dead) > len(shown):
        more = len(view.dead) - len(shown)
        screen.say(f"  and {more} more: kapell runs list --dead --run {view.run_id}")
    if any(failure.code == OUTCOME_UNKNOWN for failure in view.dead.values()):
        # Trying everything again would repeat calls that may have taken effect.
        return
    several = " all of them" if len(view.dead) > 1 else ""
    screen.say(f"  try{several} again: kapell runs retry {view.run_id}")


def _ways(run_id: str, path: str, failure: Failure) -> list[str]:
    """Return the commands by which one dead letter is mended."""
    repair = f"kapell runs repair {run_id} '{path}' --output JSON"
    if failure.code == OUTCOME_UNKNOWN:
        return [f"if it took effect: {repair}", f"if not: kapell runs retry {run_id} '{path}'"]
    return [f"give its result: {repair}"] if path else []


def show_tree(screen: Screen, view: RunView, now: float, *, stopped: bool = False) -> None:
    """Write the tree of a run's steps as aligned text."""
    rows = rows_of(view, now, stopped=stopped)
    names = ["  " * row.depth + f"{row.sign} {row.label}" for row in rows]
    table = [_cells(name, row) for name, row in zip(names, rows, strict=True)]
    heads = ("step", "state", "items", "time", "tokens", "cost", "")
    screen.table(heads, table, right=(2, 3, 4, 5))


def _cells(name: str, row: Row) -> tuple[str, ...]:
    return name, row.state, row.progress, row.time, row.tokens, row.cost, row.note
