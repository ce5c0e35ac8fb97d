"""Beginning: a step, an item of a ``for_each``, a further attempt."""

from collections.abc import Mapping

import msgspec

from kapell.core.events.signal import ChildStarted
from kapell.core.events.step import StepSkipped, StepSucceeded, StepWaiting
from kapell.core.events.value import Inline, Packed
from kapell.core.guardrails.labels import Label, Mask, all_of, label_of, mask_of
from kapell.core.runs import paths
from kapell.core.runs.context import Kept, NeedsValues
from kapell.core.runs.decide import breaking
from kapell.core.runs.decide.origins import argument_masks, begun
from kapell.core.runs.decide.steps import calls, money, waits
from kapell.core.runs.decide.steps.approvals import questions
from kapell.core.runs.decide.steps.results import finish, reraise_if_cheap
from kapell.core.runs.decide.thinking import ChildStart, Thinking
from kapell.core.runs.fold import tree
from kapell.core.runs.names import Names
from kapell.core.runs.program import Place
from kapell.core.runs.state import Scope, StepRun
from kapell.core.workflows.inputs import bind, given_labels
from kapell.core.workflows.version import (
    AgentWork,
    ApprovalWork,
    AskWork,
    BlockWork,
    Join,
    LoopWork,
    ParallelWork,
    SetWork,
    Step,
    SwitchWork,
    ToolWork,
    Version,
    WaitWork,
    WorkflowWork,
)
from kapell.kit.errors import Failure, Invalid, KapellError
from kapell.kit.ids import child_id
from kapell.kit.json import Json, digest, encode

_CALLS = (AgentWork, AskWork, ToolWork)
MAX_ITEMS = 10_000
"""Items of one ``for_each``; a limit the language states."""


def begin(t: Thinking, path: str) -> None:
    """Begin what is at ``path``: a step, an item, or the next attempt of either."""
    run = t.state.steps.get(path)
    if (run is not None and run.waits != "retry") or not tree.has_room(t.state, path):
        return
    fresh = run is None
    at = run if run is not None else tree.new_run(t.state, path)
    scope = t.state.scopes[at.scope]
    place = t.place(at)
    if not t.may_begin(scope, place):
        return
    if at.item >= 0:
        fan = t.state.steps[at.outer].fan
        if fan is not None and (fan.failed is not None or not _has_slot(t, at)):
            return
    elif fresh:
        at.ground |= _decided(t, scope, place)
        if not _wanted(t, at, place):
            return
    if at.item < 0 and place.step.for_each is not None:
        _fan_out(t, at, place.step)
    else:
        passage(t, at, place, at.attempt)


def _has_slot(t: Thinking, run: StepRun) -> bool:
    return calls.slot_for(t, run.path, t.state.steps[run.outer])


def _decided(t: Thinking, scope: Scope, place: Place) -> Mask:
    """Return the label of what decided that the steps before were carried out, if that decides."""
    if place.step.join in {Join.ORDER, Join.ALWAYS}:
        return 0
    before = (t.state.steps.get(paths.join(scope.path, one)) for one in place.step.after)
    return all_of(one.ground for one in before if one is not None)


def _wanted(t: Thinking, run: StepRun, place: Place) -> bool:
    """Ask ``when``; a step that is not wanted is skipped."""
    if place.step.when is None:
        return True
    names = t.names(run)
    try:
        wanted = names.expression(place.step.when)
    except KapellError as error:
        _broken(t, run, error)
        return False
    finally:
        run.ground |= names.label
    if wanted:
        return True
    t.emit(StepSkipped(run.path, "when", label_of(run.ground)))
    t.later("ended", run.path)
    return False


def _broken(t: Thinking, run: StepRun, error: KapellError) -> None:
    reraise_if_cheap(t, error)
    if run.path not in t.state.steps:
        t.emit(begun(run))
    t.later("broke", run.path, Failure.of(error, run.path))


def _fan_out(t: Thinking, run: StepRun, step: Step) -> None:
    each = step.for_each
    if each is None:
        return
    names = t.names(run)
    try:
        items = names.value(each.items)
        if not isinstance(items, list):
            raise Invalid(
                f"'for_each' of {run.path!r} needs a list.",
                code="for_each_not_list",
                advice="Give it a template that yields a list.",
            )
        if each.where is not None:
            items = _passing(names, each.name, each.where, items)
        if len(items) > MAX_ITEMS:
            raise Invalid(
                f"'for_each' of {run.path!r} has {len(items):,} items; {MAX_ITEMS:,} are allowed.",
                code="for_each_too_long",
                advice="Split the list into several runs.",
            )
        packed = t.pack(items)
    except KapellError as error:
        _broken(t, run, error)
        return
    label = label_of(names.label)
    t.emit(begun(run, items=packed, total=len(items), label=label))
    t.refill(run.path)


def _passing(names: Names, name: str, where: str, items: list[Json]) -> list[Json]:
    return [
        item
        for index, item in enumerate(items)
        if names.expression(where, {name: item, "index": index})
    ]


def passage(t: Thinking, run: StepRun, place: Place, attempt: int) -> None:
    """Carry out one attempt of a step or item."""
    work = place.step.work
    if run.calls or run.attempt != attempt:
        run = msgspec.structs.replace(run, attempt=attempt, calls=0)
    try:
        key = _cache_key(t, run, place.step)
        if key and _from_cache(t, run, key):
            return
        if place.calls:
            calls.first(t, run, key)
        elif isinstance(work, SetWork):
            names = t.names(run)
            values = names.value(work.values)
            t.emit(begun(run, cache=key))
            live = t.state.steps[run.path]
            finish(t, live, lambda: t.pack(values), label=lambda: names.label)
        elif isinstance(work, ApprovalWork):
            questions.approval(t, run, work)
        elif isinstance(work, WaitWork):
            waits.wait(t, run, work)
        elif isinstance(work, WorkflowWork):
            _workflow(t, run, work, place)
        elif not isinstance(work, _CALLS):
            _container(t, run, work, key)
    except KapellError as error:
        _broken(t, run, error)


def _container(
    t: Thinking, run: StepRun, work: BlockWork | ParallelWork | SwitchWork | LoopWork, key: str
) -> None:
    base = paths.attempt(run.path, run.attempt)
    if isinstance(work, SwitchWork):
        names = t.names(run)
        choice = next((c.name for c in work.cases if names.expression(c.when)), "")
        if not choice and work.otherwise is not None:
            choice = "else"
        label = names.label
        t.emit(begun(run, choice=choice, cache=key, label=label_of(label)))
        if choice:
            t.later("consider", f"{base}:{choice}")
        else:
            # no case holds: that is an outcome, and a good one
            none = Inline({"case": None, "output": None})
            finish(t, t.state.steps[run.path], lambda: none, label=lambda: label)
    elif isinstance(work, LoopWork):
        t.emit(begun(run, number=1, cache=key))
        t.later("consider", f"{base}@1")
    elif isinstance(work, ParallelWork):
        t.emit(begun(run, cache=key))
        for name in reversed(work.branches):
            t.later("consider", f"{base}.{name}")
    else:
        t.emit(begun(run, cache=key))
        t.later("consider", base)


def _workflow(t: Thinking, run: StepRun, work: WorkflowWork, place: Place) -> None:
    version = t.program.bodies[place.body].version.workflows[work.workflow]
    names = t.names(run)
    given = names.value(work.args)
    bound = bind(version, given if isinstance(given, dict) else {})
    inputs = t.pack(bound)
    labels = given_labels(version, bound, argument_masks(t, names, work.args))

    def started() -> None:
        t.emit(begun(run, inputs=inputs, labels=labels))

    if not work.detached:
        started()
        t.later("consider", paths.attempt(run.path, run.attempt))
    elif breaking.too_many(t, run, begins=True):
        return
    elif calls.may_work(t, run) and money.room(t, run, 1, 1, started):
        started()
        _child(t, run, version, inputs, labels)


def _child(
    t: Thinking, run: StepRun, version: Version, inputs: Packed, labels: Mapping[str, Label]
) -> None:
    """Begin a run of its own for a step; its id follows from the path, so it is begun once."""
    budget = t.place(run).step.budget or version.budget
    usd, tokens = money.allotment(t, run, budget)
    child = child_id(t.state.run_id, paths.attempt(run.path, run.attempt))
    ground = label_of(run.ground)
    event = ChildStarted(
        run.path, child, version.name, inputs, usd, tokens, labels=labels, label=ground
    )
    t.emit(event)
    t.emit(StepWaiting(run.path, "child"))
    t.children.append(ChildStart(run.path, child, version, inputs, usd, tokens, labels, ground))


def _cache_key(t: Thinking, run: StepRun, step: Step) -> str:
    """Return the key of a step with ``cache``: what it says, or everything its work would see.

    The version stands for the definitions: prompts, agents, schemas, models. What one run may have
    other than another of the same version is named beside it.
    """
    if step.cache is None:
        return ""
    names, request = t.names(run), t.state.request
    own = step.cache.key
    seen = names.value(own) if own is not None else _seen(t, names, step)
    around: Json = [request.workspace, dict(t.state.files)] if _uses_files(step) else None
    model = request.model or step.model
    return digest(encode([request.version, step.id, run.body, model, around, seen]))


def _seen(t: Thinking, names: Names, step: Step) -> Json:
    """Return what the work of a step is given; of one with steps inside, all that these read."""
    work = step.work
    if isinstance(work, AgentWork | AskWork):
        prompt = names.value(work.prompt)
        held = step.grounded
        return prompt if held is None else [prompt, names.value(held.sources)]
    if isinstance(work, ToolWork):
        spec = t.ctx.tools.get(work.tool)
        return [names.value(work.args), None if spec is None else msgspec.to_builtins(spec)]
    if isinstance(work, SetWork):
        return names.value(work.values)
    return names.collect(t.program.reads_of(step))


def _uses_files(step: Step) -> bool:
    """Tell whether a step's work may read files: of the workspace, or of the run's folder."""
    return not isinstance(step.work, AgentWork | AskWork | SetWork)


def _from_cache(t: Thinking, run: StepRun, key: str) -> bool:
    found: Kept | None
    if key in t.caches:
        found = t.caches[key][0]
    elif key in t.ctx.cached:
        found = t.ctx.cached[key]
    else:
        raise NeedsValues(keys=frozenset({key}))
    if found is None:
        return False
    t.emit(begun(run))
    label = label_of(mask_of(found.label) | run.ground)
    t.emit(StepSucceeded(run.path, found.output, cached=True, label=label))
    t.later("ended", run.path)
    return True
