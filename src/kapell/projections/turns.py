"""A run's turns: what each agent thought, what it did, what came of that, and what it answered.

Every turn is an object of its own, so that a critic, an evaluation or a person can judge it without
reading prose: thought, action and observation are kept apart.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import msgspec

from kapell.core.events.envelope import Event
from kapell.core.events.model import (
    ModelAbandoned,
    ModelAnswered,
    ModelFailed,
    ModelJudged,
    ModelRequested,
)
from kapell.core.events.signal import ChildEnded, ChildStarted
from kapell.core.events.tool import ToolFailed, ToolRequested, ToolReturned
from kapell.core.events.value import ArtifactRef, Packed
from kapell.core.guardrails.labels import Label
from kapell.kit.errors import Failure
from kapell.kit.json import Json


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an action: an output, or a failure with its code and kind; ``seconds`` taken.

    ``label`` says who had a part in it.
    """

    status: Literal["returned", "failed", "unknown"]
    output: Json = None
    code: str = ""
    kind: str = ""
    message: str = ""
    seconds: float = 0.0
    label: Label = ()


class Action(msgspec.Struct, kw_only=True):
    """A tool call the agent asked for; no ``observation`` yet means that nothing came of it.

    ``run`` is the run in which another agent works on it, when it asked one.
    """

    id: str
    tool: str
    args: Json = None
    broken: str = ""
    call: str = ""
    run: str = ""
    observation: Observation | None = None


class Thought(msgspec.Struct, frozen=True, kw_only=True):
    """What the agent said beside its actions (``text``) and its ``reasoning``, where shown."""

    text: str = ""
    reasoning: tuple[str, ...] = ()


class TurnView(msgspec.Struct, kw_only=True):
    """One turn: a model call with the tool calls it asked for.

    ``outcome``: it ``acted``, it ``answered``, its answer was ``wrong`` (``problem`` says how), or
    the call ``failed``; ``asked`` while the model has not answered. ``usd`` in nano-dollars.
    ``label`` says who had a part in what the model was sent.
    """

    run: str
    step: str
    attempt: int
    turn: int
    agent: str
    model: str
    call: str
    outcome: Literal["asked", "acted", "answered", "wrong", "failed"] = "asked"
    thought: Thought = Thought()
    actions: list[Action] = []
    answer: Json = None
    problem: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    usd: int = 0
    seconds: float = 0.0
    label: Label = ()


def turns(events: Iterable[Event], value: Callable[[Packed], Json]) -> list[TurnView]:
    """Return the turns of a log, in the order they began; ``value`` unpacks what it holds."""
    found: dict[str, TurnView] = {}
    last: dict[str, TurnView] = {}
    calls: dict[str, Action] = {}
    begun: dict[str, float] = {}
    for event in events:
        payload = event.payload
        if isinstance(payload, ModelRequested) and not payload.judges:
            view = _begun(event.run_id, payload)
            found[payload.call] = last[payload.path] = view
        elif isinstance(payload, ModelAnswered) and payload.call in found:
            _answered(found[payload.call], payload, value)
        elif isinstance(payload, ModelJudged) and payload.call in found and payload.problem:
            found[payload.call].outcome = "wrong"
            found[payload.call].problem = payload.problem
        elif isinstance(payload, ModelFailed | ModelAbandoned) and payload.call in found:
            view = found[payload.call]
            view.outcome = "failed"
            view.problem = payload.failure.message if isinstance(payload, ModelFailed) else "lost"
        elif isinstance(payload, ToolRequested | ChildStarted):
            action = _asked(last, payload)
            if action is not None:
                action.call = payload.call
                calls[payload.call], begun[payload.call] = action, event.at
                if isinstance(payload, ChildStarted):
                    action.run = payload.run_id
        elif isinstance(payload, ToolReturned | ToolFailed | ChildEnded) and payload.call in calls:
            took = event.at - begun.pop(payload.call)
            calls.pop(payload.call).observation = _observed(payload, value, took)
    return list(found.values())


def _asked(last: Mapping[str, TurnView], event: ToolRequested | ChildStarted) -> Action | None:
    """Return the action that a call carries out, None when no agent asked for it."""
    actions = last[event.path].actions if event.ask and event.path in last else []
    return next((one for one in actions if one.id == event.ask), None)


def needed(events: Iterable[Event]) -> set[ArtifactRef]:
    """Return the large values that ``turns`` unpacks."""
    held: list[Packed | None] = []
    for event in events:
        payload = event.payload
        if isinstance(payload, ModelAnswered):
            held += [payload.text, payload.value, payload.thoughts]
            held += [ask.args for ask in payload.asks]
        elif (isinstance(payload, ToolReturned) and payload.ask) or (
            isinstance(payload, ChildEnded) and payload.call
        ):
            held.append(payload.output)
    return {one for one in held if isinstance(one, ArtifactRef)}


def _begun(run: str, event: ModelRequested) -> TurnView:
    attempt = event.call.rpartition("#")[2].partition("/")[0]
    return TurnView(
        run=run,
        step=event.path,
        attempt=int(attempt),
        turn=event.turn,
        agent=event.agent,
        model=event.model,
        call=event.call,
        label=event.label,
    )


def _answered(view: TurnView, event: ModelAnswered, value: Callable[[Packed], Json]) -> None:
    view.outcome = "wrong" if event.problem else "acted" if event.asks else "answered"
    view.problem = event.problem
    view.input_tokens = event.usage.input_tokens
    view.output_tokens = event.usage.output_tokens
    view.usd, view.seconds = event.cost, event.seconds
    text = value(event.text)
    thoughts = value(event.thoughts) if event.thoughts is not None else None
    view.thought = Thought(
        text=str(text) if event.asks and isinstance(text, str) else "",
        reasoning=tuple(
            str(one["text"])
            for one in (thoughts if isinstance(thoughts, list) else ())
            if isinstance(one, dict)
        ),
    )
    view.actions = [
        Action(id=ask.id, tool=ask.tool, args=value(ask.args), broken=ask.broken)
        for ask in event.asks
    ]
    if not event.asks:
        view.answer = value(event.value) if event.value is not None else text


def _observed(
    event: ToolReturned | ToolFailed | ChildEnded, value: Callable[[Packed], Json], took: float
) -> Observation:
    """Return what came of a call; ``took`` is for those that do not tell it themselves."""
    seconds = max(took, 0.0) if isinstance(event, ChildEnded) else event.seconds
    if isinstance(event, ToolReturned) or event.failure is None:
        return Observation(
            status="returned", output=value(event.output), seconds=seconds, label=event.label
        )
    failure: Failure = event.failure
    return Observation(
        status="unknown" if isinstance(event, ToolFailed) and event.unknown else "failed",
        code=failure.code,
        kind=failure.kind.value,
        message=failure.message,
        seconds=seconds,
        label=event.label,
    )


def turn_schema() -> dict[str, Json]:
    """Return the JSON Schema of a turn as it leaves the system."""
    _, definitions = msgspec.json.schema_components([TurnView], ref_template="#/$defs/{name}")
    turn = definitions.pop("TurnView")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Kapell turn: thought, action and observation",
        **turn,
        "$defs": definitions,
    }
