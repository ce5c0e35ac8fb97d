"""A run without I/O: the pure machine driven by functions that stand for models and tools.

For tests of workflows and of the machine itself: time is a number, effects answer at once or when
the caller says, and every event can be looked at.
"""

import random
from collections.abc import Callable, Mapping, Sequence

import msgspec

from kapell.core.approvals.question import Question
from kapell.core.events.codec import dump, load, type_of
from kapell.core.events.envelope import Event, Payload
from kapell.core.events.run import Origin, RunForked, RunQueued
from kapell.core.events.value import ArtifactRef, Packing, unpack
from kapell.core.expressions import DEFAULT
from kapell.core.gateway.calls import ModelAnswer, Usage
from kapell.core.guardrails.labels import Label
from kapell.core.limits.breaker import Breaker
from kapell.core.pricing.foresight import RunForecast
from kapell.core.pricing.quote import Quote
from kapell.core.runs.commands import Command
from kapell.core.runs.context import Context, Kept
from kapell.core.runs.decide import Carried, Decision, Waitlists, decide, next_due
from kapell.core.runs.fold import fold
from kapell.core.runs.inputs import (
    CallBroke,
    CallHeld,
    Claimed,
    Input,
    ModelReplied,
    TimePassed,
    Told,
    ToolReplied,
)
from kapell.core.runs.program import Program
from kapell.core.runs.state import OpenCall, State
from kapell.core.runs.status import TERMINAL
from kapell.core.tools.spec import ToolSpec
from kapell.core.workflows.version import Version, version_hash
from kapell.kit.errors import Bug, Failure
from kapell.kit.ids import LOCAL, EventId, RunId
from kapell.kit.json import Digest, Json, decode

Effect = Callable[[OpenCall, Json], Json | Failure | ModelAnswer | Question]

RUN = RunId("r1".rjust(26, "0"))
"""The run that is simulated; its id has the form of our ids."""


class Simulation:
    """One run of a version in memory.

    Args:
        version: What to run.
        inputs: The run's inputs, bound already.
        effect: Answers a call: a failure, a model answer, a question to people that it is held
            with, or a value (a tool's output, or the text or structured value of a model's answer).
        seed: Orders the answers; the same seed gives the same order.
        model: Overrides every step's model.
        tools: What tools there are; any by any name, unless given.
        labels: Where the inputs come from.
        breaker: When it is taken for one that runs away; without one, never.
        forecast: What it is expected to cost.
    """

    def __init__(
        self,
        version: Version,
        inputs: Mapping[str, Json],
        effect: Effect,
        *,
        seed: int | None = None,
        model: str | None = None,
        quotes: Mapping[str, Quote | Failure] | None = None,
        tools: Mapping[str, ToolSpec] | None = None,
        labels: Mapping[str, Label] | None = None,
        breaker: Breaker | None = None,
        forecast: RunForecast | None = None,
    ) -> None:
        self.tools = _AnyTool() if tools is None else tools
        self.program = Program(version)
        self.effect = effect
        self.now = 1_000_000.0
        self.values: dict[Digest, Json] = {}
        self.events: list[Event] = []
        self.stored: dict[Digest, bytes] = {}
        self.asked: list[OpenCall] = []
        self.cached: dict[str, Kept | None] = {}
        self.quotes = quotes
        self._order = random.Random(seed) if seed is not None else None  # noqa: S311 - no secret
        self._packing = Packing(self.values)
        request = RunQueued(
            workflow=version.name,
            version=version_hash(version),
            inputs=self._packing.pack(dict(inputs)),
            origin=Origin(),
            model=model,
            labels=labels or {},
            breaker=breaker,
            forecast=forecast,
        )
        self._record([request])
        self.carried = self._carry()

    @property
    def state(self) -> State:
        """Return the live state."""
        return self.carried.state

    @property
    def types(self) -> list[str]:
        """Return the types of all events so far."""
        return [event.type for event in self.events]

    @property
    def output(self) -> Json:
        """Return the run's output."""
        return unpack(self.state.output, self.values)

    def _record(self, payloads: Sequence[Payload]) -> None:
        for payload in payloads:
            seq = len(self.events) + 1
            self.events.append(
                Event(
                    id=EventId(str(seq)),
                    run_id=RUN,
                    seq=seq,
                    type=type_of(payload),
                    version=1,
                    at=self.now,
                    tenant_id=LOCAL,
                    correlation_id=RUN,
                    causation_id="",
                    actor="worker:w",
                    payload=payload,
                )
            )

    def _carry(self) -> Carried:
        """Fold the log as a worker would that never saw the run before."""
        return Carried(self.program, fold(self.program, self.stored_events()), Waitlists())

    def stored_events(self) -> list[Event]:
        """Return the log as a store gives it back: written to text and read again."""
        return [
            msgspec.structs.replace(e, payload=load(e.type, e.version, dump(e.payload)))
            for e in self.events
        ]

    def context(self) -> Context:
        """Return what the machine may know now."""
        quotes = self.quotes
        if quotes is None:
            models = {*self.program.models(), self.state.request.model or "offline"}
            quotes = {m: Quote(model=m, input_price=0, output_price=0) for m in models}
        return Context(
            now=self.now,
            worker="w",
            epoch=1,
            quotes=quotes,
            tools=self.tools,
            values=self.values,
            cached=self.cached,
            limits=DEFAULT,
        )

    def give(self, *inputs: Input) -> None:
        """Let things happen, and record what follows."""
        decision = self._decided(inputs)
        self.stored.update(decision.artifacts)
        for key, (packed, _) in decision.caches.items():
            self.cached[key] = packed
        self._record(decision.events)

    def _decided(self, inputs: Sequence[Input]) -> Decision:
        decision = decide(self.carried, inputs, self.context())
        while not decision.final:
            for digest in decision.needs:
                self.values[digest] = decode(self.stored[digest])
            for key in decision.keys:
                self.cached.setdefault(key, None)
            decision = decide(self.carried, (), self.context())
        return decision

    def tell(self, command: Command, actor: str = "user:test", *, at: float | None = None) -> None:
        """Give the run a command, given now or at another time."""
        self.give(Told(command, actor, "", self.now if at is None else at))

    def claim(self) -> None:
        """Let a worker own the run."""
        self.give(Claimed("w", 1))

    def crash(self) -> None:
        """Forget everything but the log, and let another worker own the run."""
        self.values.clear()
        self.carried = self._carry()
        self.claim()

    def answer(self, call: OpenCall) -> None:
        """Carry one open call out."""
        self.give(self._carried_out(call))

    def fork(self, upto: int, change: RunForked) -> "Simulation":
        """Return a run that goes on, as ``change`` says, from the first ``upto`` events."""
        other = Simulation(
            self.program.version, {}, self.effect, quotes=self.quotes, tools=self.tools
        )
        other.events = self.events[:upto]
        other.stored, other.now = dict(self.stored), self.now
        other._record([change])
        other.crash()
        return other

    def expire(self) -> None:
        """Let the earliest timer fire while calls are still in flight."""
        due = next_due(self.state, self.carried.waitlists)
        self.now = max(self.now, due or self.now)
        self.give(TimePassed())

    def lose(self, call: OpenCall) -> None:
        """Carry one open call out, decide what follows, and die before that is recorded."""
        event = self._carried_out(call)
        self._decided([event])
        self.crash()

    def _carried_out(self, call: OpenCall) -> Input:
        """Return what comes back from a call."""
        self.asked.append(call)
        prompt = call.prompt
        if isinstance(prompt, ArtifactRef):
            self.values.setdefault(prompt.digest, decode(self.stored[prompt.digest]))
        result = self.effect(call, unpack(prompt, self.values))
        self.now += 0.01
        if isinstance(result, Question):
            held = unpack(prompt, self.values) if call.kind == "tool" else None
            return CallHeld(call.call, result, held)
        if isinstance(result, Failure):
            return CallBroke(call.call, result)
        if isinstance(result, ModelAnswer):
            return ModelReplied(call.call, result)
        if call.kind == "model":
            text = result if isinstance(result, str) else str(result)
            usage = Usage(input_tokens=10, output_tokens=5)
            return ModelReplied(call.call, ModelAnswer(text=text, value=result, usage=usage))
        spec = self.tools.get(call.name)
        return ToolReplied(call.call, result, trust="trusted" if spec is None else spec.trust)

    def step(self) -> bool:
        """Answer one open call, or let the next timer fire; False when there is nothing to do."""
        calls = list(self.state.calls.values())
        if calls:
            self.answer(self._order.choice(calls) if self._order else calls[0])
            return True
        due = next_due(self.state, self.carried.waitlists)
        if due is None:
            return False
        self.now = max(self.now, due)
        self.give(TimePassed())
        return True

    def run(self, limit: int = 10_000) -> State:
        """Go on until the run ends, or waits for somebody.

        Raises:
            Bug: ``simulation_endless`` after ``limit`` steps.
        """
        if self.state.seq == 1:
            self.claim()
        for _ in range(limit):
            if self.state.status in TERMINAL or not self.step():
                return self.state
        raise Bug("The simulation does not end.", code="simulation_endless")


class _AnyTool(dict[str, ToolSpec]):
    """Knows every tool by any name.

    Those named ``once.`` something must not be repeated, what ``web.`` something returns is not to
    be trusted.
    """

    def get(self, name: str, default: object = None) -> ToolSpec:
        del default
        return ToolSpec(
            name=name,
            description="",
            args={},
            repeatable=not name.startswith("once."),
            trust="untrusted" if name.startswith("web.") else "trusted",
        )
