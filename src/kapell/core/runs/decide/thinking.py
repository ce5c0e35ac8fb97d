"""One decision in the making: what is emitted, and what is still to be thought through.

Consequences are tasks on a stack rather than calls, so that the modules of this package need not
know each other, nothing recurses however deep the workflow is, and a task that lacks a value can be
put back and taken up again when it is there.
"""

import heapq
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import msgspec

from kapell.core.events.envelope import Payload
from kapell.core.events.guarding.approval import (
    ApprovalAnswered,
    ApprovalDelegated,
    ApprovalEscalated,
    ApprovalReminded,
)
from kapell.core.events.run import RunAssigned, RunMerged, RunResumed, RunWaiting
from kapell.core.events.signal import SignalReceived
from kapell.core.events.step import StepSkipped
from kapell.core.events.value import Packed, Packing
from kapell.core.guardrails.labels import Label, label_of
from kapell.core.runs import paths
from kapell.core.runs.context import Context, Kept
from kapell.core.runs.fold import evolve, tree
from kapell.core.runs.names import Names
from kapell.core.runs.program import Place, Program
from kapell.core.runs.state import Scope, State, StepRun
from kapell.core.runs.status import STEP_ENDED, RunStatus
from kapell.core.workflows.version import Join, Version
from kapell.kit.errors import Failure
from kapell.kit.ids import RunId
from kapell.kit.json import Digest, Json

Kind: TypeAlias = Literal[
    "consider", "begin", "call", "ended", "broke", "refill", "closed", "halt", "undo", "do"
]


class Task(msgspec.Struct, frozen=True):
    """Something to think through, about the step run or scope at ``path``."""

    kind: Kind
    path: str
    failure: Failure | None = None
    unknown: bool = False
    action: Callable[[], None] | None = None


class ChildStart(msgspec.Struct, frozen=True):
    """A child run the service must create in the same transaction.

    ``labels`` are those of its inputs, ``label`` is that of what decided that it begins.
    """

    path: str
    run_id: RunId
    version: Version
    inputs: Packed
    usd: int | None
    tokens: int | None
    labels: Mapping[str, Label] = {}
    label: Label = ()


class Waitlists:
    """What waits for a slot or for money: rebuilt from the state when a run is loaded."""

    def __init__(self) -> None:
        self.due: list[tuple[float, str]] = []
        self._slots: dict[str, dict[str, None]] = {}
        self._money: dict[str, None] = {}
        self._all: set[str] = set()

    def __contains__(self, path: str) -> bool:
        """Tell whether a step run waits for a slot or for money."""
        return path in self._all

    def for_slot(self, fan: str, path: str) -> None:
        """Let a step run wait until the ``for_each`` at ``fan`` has a free slot."""
        self._slots.setdefault(fan, {})[path] = None
        self._all.add(path)

    def for_money(self, path: str) -> None:
        """Let a step run wait until calls in flight are settled."""
        self._money[path] = None
        self._all.add(path)

    def next_for_slot(self, fan: str) -> str | None:
        """Take the step run that has waited longest for a slot."""
        waiting = self._slots.get(fan)
        if not waiting:
            return None
        path = next(iter(waiting))
        del waiting[path]
        self._all.discard(path)
        return path

    def all_for_money(self) -> list[str]:
        """Take everything that waits for money, the longest first."""
        waiting = list(self._money)
        self._money.clear()
        self._all.difference_update(waiting)
        return waiting

    def arm(self, path: str, due: float) -> None:
        """Remember a timer for finding the earliest quickly."""
        heapq.heappush(self.due, (due, path))


_QUIET = (
    *(RunAssigned, RunWaiting, RunResumed, RunMerged, SignalReceived),
    *(ApprovalDelegated, ApprovalReminded, ApprovalEscalated),
)


def _quiet(payload: Payload) -> bool:
    """Tell whether a run that waits goes on waiting after a fact."""
    more = isinstance(payload, ApprovalAnswered) and payload.left > 0
    return more or isinstance(payload, _QUIET)


class Thinking:
    """Events so far and tasks to come, over a state that already shows the events."""

    def __init__(self, program: Program, state: State, waitlists: Waitlists, ctx: Context) -> None:
        self.program = program
        self.state = state
        self.waitlists = waitlists
        self.ctx = ctx
        self.events: list[Payload] = []
        self.packing = Packing(ctx.values)
        self.tasks: list[Task] = []
        self.refills: dict[str, None] = {}
        self.caches: dict[str, tuple[Kept, float]] = {}
        self.children: list[ChildStart] = []

    def emit(self, payload: Payload) -> None:
        """Record a fact and fold it at once."""
        if self.state.status is RunStatus.WAITING and not _quiet(payload):
            resumed = RunResumed()
            self.state = evolve(self.program, self.state, resumed, self.ctx.now)
            self.events.append(resumed)
        self.state = evolve(self.program, self.state, payload, self.ctx.now)
        self.events.append(payload)

    def later(
        self, kind: Kind, path: str, failure: Failure | None = None, unknown: bool = False
    ) -> None:
        """Put a consequence on the stack: it is thought through before anything older."""
        self.tasks.append(Task(kind, path, failure, unknown))

    def stop(self, path: str) -> None:
        """End a step run because something around it has failed; one that has ended stays so."""
        run = self.state.steps.get(path)
        if run is not None and run.status not in STEP_ENDED:
            label = label_of(tree.label_of_run(self.state, self.program, run))
            self.emit(StepSkipped(path, "stopped", label))
            self.later("ended", path)

    def do(self, action: Callable[[], None]) -> None:
        """Put an action on the stack; it may ask for values as long as it has emitted nothing."""
        self.tasks.append(Task("do", "", action=action))

    def freed(self, run: StepRun) -> None:
        """A call ended: the items around may have left their slots."""
        if "[" not in run.path:
            return
        for around in tree.chain(self.state, run):
            if around.item >= 0 and not around.busy:
                self.refill(around.outer)

    def refill(self, path: str) -> None:
        """Look at the free slots of a ``for_each`` once everything else is settled."""
        self.refills[path] = None

    def place(self, run: StepRun) -> Place:
        """Return the step a step run passes through."""
        return self.program.bodies[run.body].places[run.id]

    def names(self, run: StepRun) -> Names:
        """Return what expressions of a step (and of its item) see."""
        return Names(self.program, self.state, self.ctx, run.scope, run)

    def inside(self, scope: Scope) -> Names:
        """Return what expressions inside a scope see."""
        return Names(self.program, self.state, self.ctx, scope.path)

    def pack(self, value: Json) -> Packed:
        """Return a value as events hold it."""
        return self.packing.pack(value)

    @property
    def artifacts(self) -> Mapping[Digest, bytes]:
        """Return the large values of this decision."""
        return self.packing.artifacts

    def may_begin(self, scope: Scope, place: Place | None = None) -> bool:
        """Tell whether new work may begin in a scope: the run goes on, nothing around has failed.

        A ``join: always`` step at ``place`` and what is inside one go on while the run is failing,
        and what undoes a step while it is being undone.
        """
        phase = self.state.phase
        if place is not None and place.step.join is Join.ALWAYS:
            return phase in {"going", "failing"} or (phase == "undoing" and self.in_undo(scope))
        root = self._border(scope)
        if root is None:
            return False
        if isinstance(root, StepRun):
            return phase in {"going", "failing"}
        return phase == ("undoing" if root.suffix == paths.UNDO else "going")

    def stopped(self, scope: Scope) -> bool:
        """Tell whether a scope, or something around it, has failed and lets nothing new begin."""
        return self._border(scope) is None

    def over(self, scope: Scope) -> bool:
        """Tell whether nothing comes of what happens in a scope: the run is being undone."""
        phase = self.state.phase
        return phase == "cancelling" or (phase == "undoing" and not self.in_undo(scope))

    def in_undo(self, scope: Scope) -> bool:
        """Tell whether a scope belongs to a compensation."""
        at = scope
        while at.owner:
            at = self.state.scopes[self.state.steps[at.owner].scope]
        return at.suffix == paths.UNDO

    def _border(self, scope: Scope) -> Scope | StepRun | None:
        """Return what decides for a scope: the outermost scope, or a ``join: always`` step.

        None when something on the way has failed.
        """
        state = self.state
        at = scope
        while at.failure is None:
            if not at.owner:
                return at
            owner = state.steps[at.owner]
            if at.suffix.startswith(".") and self.branch_failure(owner) is not None:
                return None
            if owner.item >= 0:
                fan = state.steps[owner.outer].fan
                if fan is not None and fan.failed is not None:
                    return None
            if self.place(owner).step.join is Join.ALWAYS:
                return owner
            at = state.scopes[owner.scope]
        return None

    def branch_failure(self, run: StepRun) -> Failure | None:
        """Return how a branch of a parallel failed, if one did."""
        for scope in tree.inner_scopes(self.state, self.program, run):
            if scope.failure is not None:
                return scope.failure
        return None
