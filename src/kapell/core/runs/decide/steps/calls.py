"""Calls to models and tools: when a step run may make its next, and which that is."""

from collections.abc import Callable

from kapell.core.agents import delegation, turns
from kapell.core.guardrails.labels import USER, label_of
from kapell.core.runs import paths
from kapell.core.runs.decide import breaking
from kapell.core.runs.decide.origins import (
    argument_masks,
    begun,
    call_labels,
    given_masks,
)
from kapell.core.runs.decide.steps import asking, requests
from kapell.core.runs.decide.steps.judges import judging
from kapell.core.runs.decide.steps.results import reraise_if_cheap
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.fold import tree
from kapell.core.runs.fold.guards import profile_for
from kapell.core.runs.state import StepRun
from kapell.core.workflows.version import AgentWork, AskWork, ToolWork
from kapell.kit.errors import Failure, KapellError
from kapell.kit.json import encode


def slot_for(t: Thinking, path: str, outer: StepRun) -> bool:
    """Tell whether an item may work now; if not, it is put on the waiting list for a slot."""
    fan = outer.fan
    each = t.place(outer).step.for_each
    if fan is None or each is None or fan.busy < each.concurrency:
        return True
    t.waitlists.for_slot(outer.path, path)
    return False


def may_work(t: Thinking, run: StepRun) -> bool:
    """Tell whether every item around may work; the step run waits for the first that may not."""
    if "[" not in run.path:
        return True
    for around in tree.chain(t.state, run):
        idle = around.item >= 0 and not around.busy
        if idle and not slot_for(t, run.path, t.state.steps[around.outer]):
            return False
    return True


def first(t: Thinking, run: StepRun, cache: str) -> None:
    """Begin an attempt with its first call."""
    if not t.ctx.draining and may_work(t, run):
        _call(t, run, lambda: t.emit(begun(run, cache=cache)))


def again(t: Thinking, path: str) -> None:
    """Make a step run's next call: after a wrong answer, or when the one before was lost.

    A lost tool call is made again even when nothing new may begin: it may have taken effect, and
    only so it is known what there is to undo.
    """
    run = t.state.steps.get(path)
    if run is None or run.waits or run.handled or run.status != "running":
        return
    if (run.open and not turns.granted(run.turns)) or _asks_people(run):
        return
    if t.ctx.draining:
        return
    scope, place = t.state.scopes[run.scope], t.place(run)
    tool = isinstance(place.step.work, ToolWork)
    effect = (
        (tool and run.calls > 0 and run.unsure > 0) or turns.lost(run.turns)
    ) and t.state.phase != "held"
    if not effect and not t.may_begin(scope, place):
        if t.stopped(scope):
            t.stop(path)
    elif may_work(t, run):
        try:
            _call(t, run, lambda: None)
        except KapellError as error:
            reraise_if_cheap(t, error)
            t.later("broke", path, Failure.of(error, path))


def _asks_people(run: StepRun) -> bool:
    """Tell whether there is nothing to call before people have answered."""
    return run.held > 0 and not turns.pending(run.turns)


def _delegates(run: StepRun) -> bool:
    """Tell whether the model has asked for other agents, each of which is a run."""
    return any(delegation.named(ask.tool) for _, ask in turns.pending(run.turns))


def _call(t: Thinking, run: StepRun, started: Callable[[], None]) -> None:
    work = t.place(run).step.work
    names = t.names(run)
    given = None if run.given is None else names.unpacked(run.given)
    if isinstance(work, ToolWork):
        if run.approved:
            args, labels = names.unpacked(run.granted), run.granted_labels
        else:
            args = names.value(work.args) if given is None else given
            own = argument_masks(t, names, work.args) if given is None else given_masks(given)
            labels = call_labels(t, run, t.ctx.tools.get(work.tool), args, own)
        requests.call_tool(t, run, work.tool, args, labels, started)
    elif breaking.too_many(t, run, begins=_delegates(run)) or breaking.repeating(t, run):
        return
    elif run.judging is not None:
        judging.ask(t, run, run.judging)
    elif isinstance(work, AgentWork | AskWork) and turns.pending(run.turns):
        asking.call_asked(t, run, started)
    elif (failure := turns.refused_for_good(run.turns)) is not None:
        t.later("broke", run.path, failure)
    elif isinstance(work, AgentWork | AskWork):
        seed = f"{t.state.run_id}:{paths.attempt(run.path, run.attempt)}"
        strict = profile_for(t.program, t.state, run) == "strict"
        if given is None:
            text = names.prompt(work.prompt, seed, dense=strict)
        else:
            text = given if isinstance(given, str) else encode(given).decode()
        own_label = names.label | run.label | run.ground | (0 if given is None else USER)
        label = label_of(own_label)
        requests.ask_model(t, run, text, label, started)
