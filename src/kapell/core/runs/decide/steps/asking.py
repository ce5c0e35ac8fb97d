"""What a model asked for: tools called and other agents asked, side by side, or refused."""

from collections.abc import Callable, Mapping

import msgspec

from kapell.core.agents import delegation, turns
from kapell.core.agents.turns import Asked
from kapell.core.events.tool import ToolFailed
from kapell.core.events.value import Packed
from kapell.core.runs import paths
from kapell.core.runs.decide.origins import asked_labels
from kapell.core.runs.decide.steps import money
from kapell.core.runs.decide.steps.delegating import ask_agent
from kapell.core.runs.decide.steps.requests import offers, request
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.state import StepRun
from kapell.core.tools.spec import ToolSpec, repeatable
from kapell.kit.errors import Failure
from kapell.kit.json import Json


class _Wish(msgspec.Struct, frozen=True):
    """A tool call of the last turn: its place there, its arguments, agents asked from it on."""

    place: int
    ask: Asked
    packed: Packed
    args: Json
    among: int


def call_asked(t: Thinking, run: StepRun, started: Callable[[], None]) -> None:
    """Carry out what the model asked for in its last turn and is not under way.

    What may not be carried out is refused in the same decision: the model is told, nothing begins.
    """
    offered = offers(t.ctx, t.program, run)
    pending = turns.pending(run.turns)
    if run.open:  # others of the turn are under way: only what people let through is begun now
        pending = [one for one in pending if one[1].approved]
    wishes = []
    for number, (place, ask) in enumerate(pending):
        among = sum(1 for _, one in pending[number:] if delegation.named(one.tool))
        args = ask.args if ask.edited is None else ask.edited
        wishes.append(_Wish(place, ask, args, t.names(run).unpacked(args), among))
    started()
    for wish in wishes:
        if not _carried_out(t, run.path, wish, offered):
            return
    t.later("call", run.path)


def _carried_out(t: Thinking, path: str, wish: _Wish, offered: Mapping[str, ToolSpec]) -> bool:
    """Begin one call, or refuse it; False when it has to wait for money."""
    run, ask = t.state.steps[path], wish.ask
    # What was begun and lost has been let through: whether it is now is another question.
    refused = None if ask.begun or ask.approved else turns.refusal(run.turns, ask, [*offered])
    agent = delegation.named(ask.tool)
    task = delegation.task_of(wish.args) if agent else None
    if refused is None and agent and task is None:
        refused = turns.no_task()
    spec = offered.get(ask.tool)
    if refused is not None or spec is None:
        _refuse(t, run, wish, refused or turns.not_offered(ask, [*offered]))
        return True
    if task is not None:
        return ask_agent(t, run, ask.id, agent, task, wish.among)
    if spec.cost and not money.room(t, run, spec.cost, 0, lambda: None):
        return False
    labels = ask.labels or asked_labels(t, run, wish.args, spec)
    again = repeatable(spec, wish.args)
    key = _key(t, run, wish)
    request(t, run, spec, wish.packed, again, key, labels, ask.id, (ask.approved, ask.grants))
    return True


def _refuse(t: Thinking, run: StepRun, wish: _Wish, failure: Failure) -> None:
    ask = wish.ask
    spec = ToolSpec(name=ask.tool, description="", args=None)
    labels = asked_labels(t, run, wish.args)
    call = request(t, run, spec, ask.args, True, _key(t, run, wish), labels, ask.id)
    t.emit(
        ToolFailed(
            call=call, path=run.path, tool=ask.tool, failure=failure, ask=ask.id, label=labels[""]
        )
    )


def _key(t: Thinking, run: StepRun, wish: _Wish) -> str:
    """Return the idempotency key: the same for a call made again after its worker was lost."""
    turn = paths.call(run.path, run.attempt, len(run.turns))
    return f"{t.state.run_id}:{turn}.{wish.place}"
