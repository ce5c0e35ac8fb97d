"""Drives simulated runs through whatever luck brings, and compares what comes out."""

import random
from collections import Counter
from collections.abc import Callable, Mapping

from kapell.core.approvals.question import Question
from kapell.core.events.budget import BudgetSettled
from kapell.core.events.model import ModelAbandoned, ModelAnswered
from kapell.core.events.signal import ChildEnded, ChildSettled
from kapell.core.events.step import StepDead, StepFailed, StepSucceeded
from kapell.core.gateway.calls import ModelAnswer, Usage
from kapell.core.guardrails.labels import Label
from kapell.core.runs.commands import Answer, Cancel, LateAnswer, Resume, Signal
from kapell.core.runs.fold import fold
from kapell.core.runs.fold.snapshot import dump_state, load_state
from kapell.core.runs.inputs import ModelReplied, TimePassed, ToolReplied
from kapell.core.runs.state import OpenCall, State
from kapell.core.runs.status import TERMINAL
from kapell.core.tools.spec import ToolSpec
from kapell.core.workflows.version import Version
from kapell.kit.errors import Failure
from kapell.kit.json import Json
from kapell.testing.simulation import Simulation

Outcome = Callable[[str, int, Json], "Json | Failure"]
"""What the call of a path and attempt with these arguments gives."""

RESULTS = ("model.answered", "model.failed", "model.abandoned", "tool.returned", "tool.failed")
ENDS = ("run.succeeded", "run.failed", "run.cancelled")


class Driver:
    """A run under a fate, with as much bad luck as wanted; ``held`` of a hundred calls are held.

    Attributes:
        effects: What calls were made, by path and attempt; made again, they must be the same.
    """

    def __init__(
        self,
        version: Version,
        fate: Outcome,
        seed: int,
        *,
        trouble: int = 0,
        n: int = 2,
        labels: Mapping[str, Label] | None = None,
        tools: Mapping[str, ToolSpec] | None = None,
        held: int = 0,
    ) -> None:
        self.effects: dict[tuple[str, int], Json] = {}
        self.fate = fate
        self.luck = random.Random(seed)  # noqa: S311 - no secret
        self.trouble = trouble
        self.held = held
        self.sim = Simulation(version, {"n": n}, self._effect, labels=labels, tools=tools)
        self.late: list[OpenCall] = []

    def _effect(self, call: OpenCall, args: Json) -> Json | Failure | Question:
        if not call.approved and self.luck.randrange(100) < self.held:
            return Question(rule="r", why="w")
        attempt = int(call.call.rpartition("#")[2].partition("/")[0])
        known = self.effects.setdefault((call.path, attempt), args)
        assert known == args, "a call made again has other arguments"
        return self.fate(call.path, attempt, args)

    def run(self, limit: int = 3000, cancel_at: int = -1) -> Simulation:
        """Go on until the run ends or only a person could help it; cancel it on the way if told."""
        self.sim.claim()
        for number in range(limit):
            if number == cancel_at:
                self.sim.tell(Cancel("enough"))
            if self.luck.randrange(8) == 0:
                checked(self.sim)
            state = self.sim.state
            if state.status in TERMINAL or not self._move():
                checked(self.sim)
                self._afterwards()
                return self.sim
        raise AssertionError("the run goes on for ever")

    def _move(self) -> bool:
        sim = self.sim
        if self.luck.randrange(100) < self.trouble:
            self._trouble()
            return True
        calls = list(sim.state.calls.values())
        heard = sim.state.steps.values() if sim.state.phase != "undoing" else ()
        asks = [run.path for run in heard if run.waits == "approval"]
        for question in sim.state.questions.values():
            if question.request.call and not over(sim.state, question.request.path):
                asks.append(question.key)
        waits = [run.path for run in heard if run.waits == "signal"]
        moves = len(calls) + len(asks) + len(waits)
        if not moves:
            return sim.step()
        chosen = self.luck.randrange(moves)
        if chosen < len(calls):
            self.late.append(calls[chosen])
            sim.answer(calls[chosen])
        elif chosen < len(calls) + len(asks):
            sim.tell(Answer(asks[chosen - len(calls)], approved=True))
        else:
            sim.tell(Signal("paid", {"paid": True}))
        return True

    def _afterwards(self) -> None:
        """Let everything come too late: what is over stays so, only costs are corrected."""
        sim = self.sim
        if sim.state.status not in TERMINAL:
            return
        before = len(sim.events)
        for call in self.late[-3:]:
            sim.give(ModelReplied(call.call, ModelAnswer(text="late")), ToolReplied(call.call, 1))
        for command in (Answer("s1", approved=True), Signal("paid"), Cancel(), Resume()):
            sim.tell(command)
        sim.give(TimePassed())
        sim.claim()
        assert len(sim.events) == before
        for given_up in list(sim.state.late):
            sim.tell(LateAnswer(given_up, Usage(1, 1), 0))
            sim.tell(LateAnswer(given_up, Usage(1, 1), 0))
        checked(sim)

    def _trouble(self) -> None:
        kind = self.luck.choice(["crash", "lose", "late", "costs", "time", "answer"])
        sim = self.sim
        calls = list(sim.state.calls.values())
        if kind == "crash":
            sim.crash()
        elif kind == "lose" and calls:
            sim.lose(self.luck.choice(calls))
        elif kind == "late" and self.late:
            call = self.luck.choice(self.late)
            if call.call not in sim.state.calls:
                answer = ModelAnswer(text="late", usage=Usage(1, 1))
                sim.give(ModelReplied(call.call, answer), ToolReplied(call.call, "late"))
        elif kind == "costs" and sim.state.late:
            sim.tell(LateAnswer(self.luck.choice(list(sim.state.late)), Usage(1, 1), 0))
        elif kind == "time":
            sim.give(TimePassed())
        else:
            sim.tell(Answer("nobody", approved=False))


def over(state: State, path: str) -> bool:
    """Tell whether nobody may answer about a step run any more, as the run is being undone."""
    return state.phase == "undoing" and not path.startswith(f"{state.undoing}!undo")


def plain(value: Json) -> Json:
    """Return a value without what time and people put into it."""
    if isinstance(value, dict):
        if set(value) == {"at"}:
            return {"waited": True}
        if "approved" in value:
            return {"approved": value["approved"], "data": plain(value["data"])}
        if {"code", "message"} <= set(value):
            code: Json = value["code"]
            return code
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value


def undoable(sim: Simulation) -> list[str]:
    """Return the step runs that did something and can be undone, oldest first.

    They succeeded, or were cut short when they may have done it.
    """
    return [
        event.payload.path
        for event in sim.events
        if isinstance(event.payload, StepSucceeded | StepFailed | StepDead)
        and event.payload.undo is not None
    ]


def undone(sim: Simulation) -> list[str]:
    """Return what was undone, in order, whether it worked or not."""
    return [
        event.payload.path  # type: ignore[union-attr]  # the type says which payload it is
        for event in sim.events
        if event.type == "compensation.started"
    ]


def checked(sim: Simulation) -> None:
    """Assert what holds of every log at every moment.

    Sequence numbers are dense; a call has one result at most; nothing follows the end but what
    corrects the cost of what was given up, once; no ``for_each`` works at more items than it
    may; the live state is the fold of the log, and a snapshot gives it back.
    """
    assert [event.seq for event in sim.events] == list(range(1, len(sim.events) + 1))
    results = Counter(
        event.payload.call  # type: ignore[union-attr]  # these types have it
        for event in sim.events
        if event.type in RESULTS
    )
    assert not results or max(results.values()) == 1
    ended = [e.seq for e in sim.events if e.type in ENDS]
    assert len(ended) <= 1
    after = [e.payload for e in sim.events[ended[0] :]] if ended else []
    given_up = {e.payload.call for e in sim.events if isinstance(e.payload, ModelAbandoned)}
    given_up |= {e.payload.run_id for e in sim.events if isinstance(e.payload, ChildEnded)}
    corrected = [one.call for one in after if isinstance(one, BudgetSettled)]
    corrected += [one.run_id for one in after if isinstance(one, ChildSettled)]
    assert len(corrected) == len(after) == len(given_up.intersection(corrected))
    live = sim.carried.state
    for path, run in live.steps.items():
        each = sim.program.place(run.body, run.id).step.for_each
        if run.fan is not None and each is not None:
            inside = [c.path[len(path) :] for c in live.calls.values() if c.path.startswith(path)]
            items = {i.partition("]")[0] for i in inside if i[0] == "[" and "!undo" not in i}
            assert len(items) == run.fan.busy <= each.concurrency
    assert load_state(dump_state(live)) == live
    assert fold(sim.program, sim.stored_events()) == live


def money_holds(sim: Simulation) -> None:
    """Assert that no prefix of the log holds more than its limits, but for a recorded excess."""
    state = fold(sim.program, sim.events[:1])
    over: set[str] = set()
    costs = 0
    for event in sim.events[1:]:
        if isinstance(event.payload, BudgetSettled):
            call = state.calls.get(event.payload.call)
            costs += event.payload.usd - state.late[event.payload.call].usd if call is None else 0
            costs += event.payload.usd if call is not None and call.kind == "tool" else 0
            if call is not None and event.payload.usd > call.usd:
                over.update(call.holders)  # the provider used more than was asked for
        state = fold(sim.program, [event], state)
        if isinstance(event.payload, ModelAnswered | ModelAbandoned):
            costs += event.payload.cost
        for path, meter in state.meters.items():
            assert min(meter.reserved_usd, meter.reserved_tokens, meter.usd, meter.busy) >= 0
            if path in over:
                continue
            if meter.limit_usd is not None:
                assert meter.usd + meter.reserved_usd <= meter.limit_usd
            if meter.limit_tokens is not None:
                assert meter.tokens + meter.reserved_tokens <= meter.limit_tokens
    if state.status in TERMINAL:
        root = state.meters[""]
        assert (root.reserved_usd, root.reserved_tokens, root.busy) == (0, 0, 0)
        assert state.usd == root.usd == costs
        assert state.tokens == root.tokens
