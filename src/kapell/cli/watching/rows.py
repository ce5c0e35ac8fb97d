"""The tree of a run as rows of text: the same for the live view, for pipes and for `runs show`."""

from collections.abc import Iterator
from typing import NamedTuple

from kapell.cli.failures import hidden
from kapell.core.runs.status import StepStatus
from kapell.kit.clock import span_text
from kapell.kit.errors import Failure
from kapell.kit.money import text as money
from kapell.projections import addresses
from kapell.projections.tree import RunView, StepView

SIGNS = {
    StepStatus.QUEUED: ("·", "dim"),
    StepStatus.ASSIGNED: ("·", "dim"),
    StepStatus.RUNNING: ("▶", "cyan"),
    StepStatus.WAITING: ("⏸", "yellow"),
    StepStatus.SUCCEEDED: ("✓", "green"),
    StepStatus.FAILED: ("✗", "red"),
    StepStatus.CANCELLED: ("✗", "yellow"),
    StepStatus.SKIPPED: ("-", "dim"),
    StepStatus.COMPENSATED: ("↶", "yellow"),
    StepStatus.DEAD: ("✗", "red"),
}
"""A state's sign and colour."""
OUTCOME_UNKNOWN = "outcome_unknown"
"""Code of what waits until a person says what became of its call."""
_STOPPED = "stopped"
_PERSON = "a person to say what became of its call"


class Row(NamedTuple):
    """One step as it is shown: ``state`` is its state as people read it."""

    depth: int
    label: str
    status: StepStatus
    state: str
    sign: str
    color: str
    progress: str
    time: str
    tokens: str
    cost: str
    note: str


def rows_of(view: RunView, now: float, *, stopped: bool = False) -> list[Row]:
    """Return the rows of a run's steps, inner ones below their outer one.

    Args:
        view: The run.
        now: Until when steps that go on have lasted.
        stopped: Whether nobody works on the run: what it had begun stands still since then.
    """
    rows = list(_below(view, "", 0, view.updated_at if stopped else now))
    return [_halted(row) for row in rows] if stopped else rows


def _halted(row: Row) -> Row:
    if row.status is not StepStatus.RUNNING:
        return row
    sign, color = SIGNS[StepStatus.WAITING]
    return row._replace(state=_STOPPED, sign=sign, color=color)


def _below(view: RunView, step: str, depth: int, now: float) -> Iterator[Row]:
    for one in view.inner(step):
        inner = list(_below(view, one.step, depth + 1, now))
        if view.ended and one.status is StepStatus.QUEUED and not inner:
            # It was never come to: a case not taken, or what a failure cut off.
            continue
        # The run's own failure is told whole below its tree.
        told = _same(one.failure, view.failure)
        yield _row(one, depth, _status(one, inner), now, told=told)
        yield from inner


def _status(step: StepView, inner: list[Row]) -> StepStatus:
    """Return a step's state; one that only holds others that wait, waits too."""
    if step.status is not StepStatus.RUNNING or not inner or step.calls:
        return step.status
    states = {row.status for row in inner}
    if StepStatus.WAITING in states and StepStatus.RUNNING not in states:
        return StepStatus.WAITING
    return step.status


def _same(one: Failure | None, other: Failure | None) -> bool:
    if one is None or other is None:
        return False
    return (one.code, one.message) == (other.code, other.message)


def _row(step: StepView, depth: int, status: StepStatus, now: float, *, told: bool) -> Row:
    until = now if step.ended_at is None or step.live else step.ended_at
    time = "" if step.started_at is None else span_text(max(0.0, until - step.started_at))
    sign, color = SIGNS[status]
    return Row(
        depth=depth,
        label=addresses.label_of(step.step),
        status=status,
        state=status.value,
        sign=sign,
        color=color,
        progress=_progress(step),
        time=time,
        tokens=f"{step.tokens:,}" if step.tokens else "",
        cost=money(step.usd) if step.tokens or step.usd else "",
        note=_note(step, status, told=told),
    )


def _progress(step: StepView) -> str:
    if step.fanned:
        return f"{step.done}/{step.total}"
    runs = step.done + len(step.live)
    return f"{step.done}/{runs}" if runs > 1 else ""


def _note(step: StepView, status: StepStatus, *, told: bool) -> str:
    said = ["copied"] if step.copied else []
    counts = [(word, step.ended.get(word, 0)) for word in (StepStatus.FAILED, StepStatus.DEAD)]
    if step.fanned or step.done > 1:
        said += [f"{count} {word}" for word, count in counts if count]
    if step.retries:
        said.append(f"{step.retries} {'retry' if step.retries == 1 else 'retries'}")
    waiting = sum(one is StepStatus.WAITING for one in step.live.values())
    if waiting and step.waits:
        what = _PERSON if step.waits == "person" else step.waits
        said.append(f"waiting for {what}" + (f" ({waiting})" if waiting > 1 else ""))
    unhappy = status in (StepStatus.FAILED, StepStatus.DEAD)
    unsure = step.failure is not None and step.failure.code == OUTCOME_UNKNOWN and not step.live
    if step.failure is not None and not told and (unhappy or unsure):
        said.append(f"{hidden(step.failure.message)} [{step.failure.code}]")
    return ", ".join(said)
