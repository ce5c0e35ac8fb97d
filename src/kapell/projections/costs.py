"""What a run's calls to models and paid tools cost, grouped; exact to the nano-dollar."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from kapell.core.events.budget import BudgetSettled
from kapell.core.events.envelope import Event
from kapell.core.events.model import ModelAnswered, ModelFailed, ModelHeld, ModelRequested
from kapell.core.events.tool import ToolFailed, ToolHeld, ToolRequested, ToolReturned
from kapell.projections import addresses

By = Literal["provider", "model", "agent", "step"]


class CallCost(msgspec.Struct):
    """One paid call: who made it, and what it has been settled at; a tool's model is ``tool:…``."""

    step: str
    model: str
    agent: str
    usd: int = 0
    tokens: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class CostGroup(msgspec.Struct):
    """Calls of one group, taken together."""

    group: str
    calls: int = 0
    usd: int = 0
    tokens: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class CostView(msgspec.Struct):
    """Every model call of a run, and every call to a tool that costs something.

    ``under_way`` holds calls to tools until it is known that they cost something.
    """

    calls: dict[str, CallCost] = {}
    under_way: dict[str, CallCost] = {}

    @property
    def usd(self) -> int:
        """Return the sum in nano-dollars."""
        return sum(call.usd for call in self.calls.values())

    def groups(self, by: By) -> list[CostGroup]:
        """Return the calls grouped, dearest first, then by tokens and name."""
        found: dict[str, CostGroup] = {}
        for call in self.calls.values():
            name = _group(call, by)
            group = found.setdefault(name, CostGroup(name))
            group.calls += 1
            group.usd += call.usd
            group.tokens += call.tokens
            group.input_tokens += call.input_tokens
            group.output_tokens += call.output_tokens
        return sorted(found.values(), key=lambda one: (-one.usd, -one.tokens, one.group))


def _group(call: CallCost, by: By) -> str:
    if by == "provider":
        return call.model.partition(":")[0]
    if by == "model":
        return call.model
    return call.agent if by == "agent" else call.step


def costs(events: Iterable[Event]) -> CostView:
    """Return the costs of a whole log."""
    view = CostView()
    for event in events:
        fold(view, event)
    return view


def fold(view: CostView, event: Event) -> CostView:
    """Return the view after an event; the view that is given is changed.

    What a fork copied was paid by its original and is not counted.
    """
    if event.copied:
        return view
    payload = event.payload
    if isinstance(payload, ModelRequested):
        step = addresses.step_of(payload.path)
        view.calls[payload.call] = CallCost(step, payload.model, payload.agent)
    elif isinstance(payload, ToolRequested):
        step = addresses.step_of(payload.path)
        view.under_way[payload.call] = CallCost(step, f"tool:{payload.tool}", "")
    elif isinstance(payload, ToolReturned | ToolFailed):
        view.under_way.pop(payload.call, None)
    elif isinstance(payload, BudgetSettled):
        if payload.call in view.under_way:
            view.calls[payload.call] = view.under_way[payload.call]
        call = view.calls.get(payload.call)
        if call is not None:
            call.usd, call.tokens = payload.usd, payload.tokens
    elif isinstance(payload, ModelFailed | ModelHeld | ToolHeld):
        view.under_way.pop(payload.call, None)
        call = view.calls.get(payload.call)
        if call is not None and not (call.usd or call.tokens):
            # It never left, or nobody charges for it: it cost nothing and is no call to pay for.
            del view.calls[payload.call]
    elif isinstance(payload, ModelAnswered):
        call = view.calls.get(payload.call)
        if call is not None:
            call.model = payload.by or call.model
            call.input_tokens = payload.usage.input_tokens
            call.output_tokens = payload.usage.output_tokens
    return view
