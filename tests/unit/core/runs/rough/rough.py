"""A run that everything happens to: crashes, lost calls, repairs, forks, cancels, child runs."""

from collections.abc import Callable
from functools import partial

from kapell.core.events.run import RunForked
from kapell.core.runs.commands import Cancel, ChildOutcome, Command, Repair, Resume, Retry
from kapell.core.runs.fold import fold
from kapell.core.runs.fold.snapshot import dump_state, load_state
from kapell.core.runs.inputs import CallBroke
from kapell.core.runs.state import OpenCall, State
from kapell.core.runs.status import STEP_ENDED, TERMINAL, StepStatus
from kapell.kit.errors import Failure, Kind
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.testing.simulation import Simulation
from tests.unit.core.runs.driving import Driver

LOST = Failure("lost", "Nobody knows.", Kind.UNAVAILABLE, retryable=True)


class RoughDriver(Driver):
    """Drives a run until it ends, helping it like a person who does not give up soon."""

    forked = False

    def _effect(self, call: OpenCall, args: Json) -> Json | Failure:
        return self.fate(call.path, int(call.call.rpartition("#")[2].partition("/")[0]), args)

    def live(self, limit: int = 1500) -> Simulation:
        """Go on until the run has ended and nobody wants it otherwise."""
        self.sim.claim()
        helped = 0
        for _ in range(limit):
            if self.luck.randrange(6) == 0 or self.sim.state.status in TERMINAL:
                holds(self.sim)
            if self.sim.state.status not in TERMINAL and self._goes_on():
                continue
            over = self.sim.state.status in TERMINAL
            if over and not self.forked and self.luck.randrange(3) == 0:
                self._fork()
                continue
            if over and (helped > 12 or not self.sim.state.dead or self.luck.randrange(2)):
                return self.sim
            helped += 1
            self._help(tired=helped > 6)
        raise AssertionError("the run goes on for ever")

    def _help(self, *, tired: bool) -> None:
        dead = self.sim.state.dead
        if tired:
            self.sim.tell(Cancel())
        elif dead:
            path = self.luck.choice(dead)
            commands: list[Command] = [Repair(path, {"fixed": 1}), Retry(path), Retry()]
            self.sim.tell(self.luck.choice(commands))
        else:
            self.sim.tell(Resume())

    def _goes_on(self) -> bool:
        if self.luck.randrange(100) < self.trouble:
            self._more_trouble()
            return True
        children = list(self.sim.state.children)
        if children and self.luck.randrange(3) == 0:
            self._child_ends(children[0])
            return True
        calm, self.trouble = self.trouble, 0
        moved = self._move()
        self.trouble = calm
        if not moved and children and self.sim.state.children:
            self._child_ends(next(iter(self.sim.state.children)))
            return True
        return moved

    def _child_ends(self, path: str) -> None:
        child = self.sim.state.children[path]
        well = self.luck.randrange(3) > 0
        failure = None if well else LOST
        tokens = min(3, 3 if child.tokens is None else child.tokens)
        outcome = ChildOutcome(
            child.run_id, path, "succeeded" if well else "failed", {"got": 1}, failure, 0, tokens
        )
        self.sim.tell(outcome)

    def _more_trouble(self) -> None:
        sim, state = self.sim, self.sim.state
        choices: list[Callable[[], None]] = [self._trouble, self._trouble, sim.expire]
        choices.append(partial(sim.tell, Resume()))
        if state.seq > 20:
            choices.append(partial(sim.tell, Cancel("enough")))
        if state.seq > 5 and not self.forked:
            choices.append(self._fork)
        if state.dead:
            path = self.luck.choice(state.dead)
            choices += [partial(sim.tell, Retry(path)), partial(sim.tell, Repair(path, 1))]
        if state.late_children:
            run_id = self.luck.choice(list(state.late_children))
            late = ChildOutcome(run_id, "", "cancelled", tokens=self.luck.randrange(3))
            choices.append(partial(sim.tell, late))
        if state.calls:
            call = self.luck.choice(list(state.calls))
            choices.append(partial(sim.give, CallBroke(call, LOST, unknown=True)))
        self.luck.choice(choices)()

    def _fork(self) -> None:
        self.forked = True
        upto = self.luck.randrange(3, len(self.sim.events) + 1)
        self.sim = self.sim.fork(upto, RunForked(RunId("r0"), upto))
        self.late = []


def holds(sim: Simulation) -> None:
    """Assert what holds of every run at every moment, whatever happened to it."""
    state = sim.carried.state
    assert load_state(dump_state(state)) == state
    assert fold(sim.program, sim.stored_events()) == state
    for meter in state.meters.values():
        assert min(meter.reserved_usd, meter.reserved_tokens, meter.usd, meter.busy) >= 0
    if not state.calls and not state.children:
        assert not any(run.busy for run in state.steps.values())
        for meter in state.meters.values():
            assert (meter.busy, meter.reserved_usd, meter.reserved_tokens) == (0, 0, 0)
    for path, scope in state.scopes.items():
        assert scope.live == _live(state, path), path


def _live(state: State, scope: str) -> int:
    """Count the step runs of a scope that have not ended; what is dead has not, even undone."""
    return sum(
        run.status not in STEP_ENDED or run.status is StepStatus.DEAD or run.waits == "person"
        for run in state.steps.values()
        if run.scope == scope and run.item < 0
    )
