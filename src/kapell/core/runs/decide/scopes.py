"""Scopes: which steps of a body may begin, and what its end means to its owner."""

from collections.abc import Container, Iterable

from kapell.core.events.compensation import CompensationFailed, CompensationSucceeded
from kapell.core.events.run import RunSucceeded
from kapell.core.events.step import StepDead, StepSkipped
from kapell.core.events.value import NOTHING, Packed
from kapell.core.expressions import Read, compile_expression
from kapell.core.guardrails.labels import Label, Mask, all_of, label_of
from kapell.core.runs import paths
from kapell.core.runs.decide.origins import begun
from kapell.core.runs.decide.steps.results import complete, finish
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.fold import tree
from kapell.core.runs.program import Place
from kapell.core.runs.state import Scope, StepRun
from kapell.core.runs.status import STEP_ENDED, StepStatus
from kapell.core.workflows.version import Join, LoopWork, ParallelWork
from kapell.kit.errors import Failure, Kind
from kapell.kit.json import Json


def consider(t: Thinking, path: str) -> None:
    """Begin every step of a scope that may begin; used when it opens and when a run is loaded."""
    scope = t.state.scopes.get(path)
    if scope is None:
        return
    t.later("closed", path)
    if not t.may_begin(scope):
        return
    plan = t.program.bodies[scope.body]
    for step_id in reversed(plan.places):
        if paths.join(path, step_id) not in t.state.steps:
            _offer(t, scope, plan.places[step_id])


def ended(t: Thinking, path: str) -> None:
    """A step run has ended: see who waited for it."""
    run = t.state.steps.get(path)
    if run is None:
        outer = path.rpartition("[")[0]
        if outer in t.state.steps:
            fan = t.state.steps[outer].fan
            if fan is not None and fan.failed is not None:
                t.later("halt", outer)
            t.refill(outer)
        return
    scope = t.state.scopes[run.scope]
    t.later("closed", scope.path)
    if scope.failure is not None:
        _halt_around(t, scope)
    elif t.may_begin(scope):
        plan = t.program.bodies[scope.body]
        for step_id in reversed(t.place(run).dependents):
            _offer(t, scope, plan.places[step_id])


def _halt_around(t: Thinking, scope: Scope) -> None:
    owner = t.state.steps.get(scope.owner) if scope.owner else None
    if owner is not None and isinstance(t.place(owner).step.work, ParallelWork):
        t.later("halt", owner.path)
    for member in tree.members(t.state, t.program, scope):
        if member.status not in STEP_ENDED and t.place(member).step.join is not Join.ALWAYS:
            t.later("halt", member.path)


def _offer(t: Thinking, scope: Scope, place: Place) -> None:
    path = paths.join(scope.path, place.step.id)
    if path in t.state.steps:
        return
    verdict = _ready(t, scope, place)
    if verdict == "begin":
        t.later("begin", path)
    elif verdict == "skip":
        t.emit(StepSkipped(path, "dependencies", _why_skipped(t, scope, place)))
        t.later("ended", path)


def _why_skipped(t: Thinking, scope: Scope, place: Place) -> Label:
    before = (t.state.steps.get(paths.join(scope.path, one)) for one in place.step.after)
    return label_of(all_of(one.ground for one in before if one is not None))


def _ready(t: Thinking, scope: Scope, place: Place) -> str:
    after, joins = place.step.after, place.step.join
    if not after:
        return "begin"
    statuses = []
    for step_id in after:
        run = t.state.steps.get(paths.join(scope.path, step_id))
        statuses.append(run.status if run is not None and run.status in STEP_ENDED else None)
    done = None not in statuses
    won = StepStatus.SUCCEEDED
    if joins is Join.ANY:
        if won in statuses:
            return "begin"
        return "skip" if done else "wait"
    if not done:
        return "wait"
    if joins is Join.ALL and any(status is not won for status in statuses):
        return "skip"
    if joins is Join.DEFAULT and all(status is StepStatus.SKIPPED for status in statuses):
        return "skip"
    return "begin"


def closed(t: Thinking, path: str) -> None:
    """See whether a scope is over, and tell its owner."""
    scope = t.state.scopes.get(path)
    if scope is None or t.over(scope):
        return
    if scope.failure is not None:
        if not scope.live:
            always = next_always(t, scope)
            if always:
                t.later("begin", always)
            else:
                _failed(t, scope, scope.failure)
    elif not scope.left and not scope.stopped:
        _succeeded(t, scope)
    elif not scope.live and scope.owner and (scope.stopped or t.stopped(scope)):
        always = next_always(t, scope)
        if always:
            t.later("begin", always)
        else:
            _given_up(t, scope)


def next_always(t: Thinking, scope: Scope, holding: Container[str] = ()) -> str:
    """Return the next ``join: always`` step of a failing scope.

    What stands before it, directly or through others, can no longer change, but for such steps:
    one that has yet to begin comes first, and what goes on is waited for (``holding``, by path).
    """
    plan = t.program.bodies[scope.body]
    for step_id, before in plan.always.items():
        path = paths.join(scope.path, step_id)
        if path not in t.state.steps and not any(
            earlier in holding or (one in plan.always and earlier not in t.state.steps)
            for one in before
            for earlier in [paths.join(scope.path, one)]
        ):
            return path
    return ""


def body_output(t: Thinking, scope: Scope) -> Packed:
    """Return what a finished body gives: its result, else its last step's output."""
    plan = t.program.bodies[scope.body]
    if plan.body.result is not None:
        return t.pack(t.inside(scope).expression(plan.body.result))
    if plan.is_workflow and plan.version.outputs is not None:
        return t.pack(t.inside(scope).value(plan.version.outputs))
    last = t.state.steps.get(paths.join(scope.path, plan.last))
    return last.output if last is not None else NOTHING


def body_label(t: Thinking, scope: Scope) -> Mask:
    """Return the label of what a finished body gives."""
    plan = t.program.bodies[scope.body]
    if plan.body.result is not None:
        reads: Iterable[Read] = compile_expression(plan.body.result).reads
    elif plan.is_workflow and plan.version.outputs is not None:
        reads = t.program.compiled(plan.version.outputs).reads
    else:
        last = t.state.steps.get(paths.join(scope.path, plan.last))
        inner = last.label | last.ground if last is not None else 0
        return scope.ground | inner
    return scope.ground | t.inside(scope).read(reads)


def _succeeded(t: Thinking, scope: Scope) -> None:
    if scope.suffix == paths.UNDO:
        t.emit(CompensationSucceeded(t.state.undoing))
        t.later("undo", "")
        return
    if not scope.owner:
        if t.state.phase == "going":
            complete(t, lambda: _over(t, scope))
        return
    owner = t.state.steps[scope.owner]
    if scope.suffix == paths.PASS:
        _pass_done(t, scope, owner)
    elif scope.suffix.startswith("."):
        _branch_done(t, owner)
    elif scope.suffix.startswith(":"):
        finish(t, owner, lambda: _choice(t, scope, owner), label=lambda: body_label(t, scope))
    else:
        finish(t, owner, lambda: body_output(t, scope), label=lambda: body_label(t, scope))


def _over(t: Thinking, scope: Scope) -> None:
    output = body_output(t, scope)
    t.emit(RunSucceeded(output, label_of(body_label(t, scope))))


def _choice(t: Thinking, scope: Scope, owner: StepRun) -> Packed:
    output = t.inside(scope)
    return t.pack({"case": owner.choice, "output": output.unpacked(body_output(t, scope))})


def _branch_done(t: Thinking, owner: StepRun) -> None:
    scopes = list(tree.inner_scopes(t.state, t.program, owner))
    failure = t.branch_failure(owner)
    if failure is not None:
        if not any(scope.live for scope in scopes):
            t.later("broke", owner.path, failure)
        return
    short = [scope for scope in scopes if scope.left or scope.stopped]
    if short:
        given_up = any(scope.stopped or t.stopped(scope) for scope in short)
        if given_up and not any(scope.live for scope in scopes):
            t.stop(owner.path)
        return

    def result() -> Packed:
        values: dict[str, Json] = {}
        for scope in scopes:
            values[scope.suffix[1:]] = t.inside(scope).unpacked(body_output(t, scope))
        return t.pack(values)

    finish(t, owner, result, label=lambda: all_of(body_label(t, scope) for scope in scopes))


def _pass_done(t: Thinking, scope: Scope, owner: StepRun) -> None:
    work = t.place(owner).step.work
    if not isinstance(work, LoopWork):
        return

    def close() -> None:
        output, label = body_output(t, scope), body_label(t, scope)
        names = t.inside(scope)
        over = bool(names.expression(work.until))
        if not over and scope.number >= work.max and work.on_exhausted == "fail":
            t.later("broke", owner.path, _exhausted(owner, work.max))
        elif over or scope.number >= work.max:
            value = {"passes": scope.number, "output": t.inside(scope).unpacked(output)}
            finish(t, owner, lambda: t.pack(value), label=lambda: label | names.label)
        elif t.may_begin(t.state.scopes[owner.scope], t.place(owner)):
            owner.ground |= names.label
            number = scope.number + 1
            t.emit(begun(owner, number=number, inputs=output, label=label_of(label)))
            t.later("consider", f"{paths.attempt(owner.path, owner.attempt)}@{scope.number + 1}")
        elif t.stopped(scope):
            t.stop(owner.path)

    complete(t, close, owner)


def _exhausted(owner: StepRun, passes: int) -> Failure:
    return Failure(
        "loop_exhausted",
        f"The loop made {passes} passes and its 'until' never held.",
        Kind.INVALID,
        advice="Raise 'max', correct 'until', or set 'on_exhausted: continue'.",
        step=owner.path,
    )


def _failed(t: Thinking, scope: Scope, failure: Failure) -> None:
    if scope.suffix == paths.UNDO:
        undone = t.state.undoing
        attempts = max((r.attempt for r in tree.members(t.state, t.program, scope)), default=1)
        t.emit(CompensationFailed(undone, failure))
        label = label_of(tree.label_of_scope(t.state, t.program, scope))
        t.emit(StepDead(undone, "compensation", failure, attempts, label=label))
        t.later("undo", "")
        return
    if not scope.owner:
        return
    owner = t.state.steps[scope.owner]
    if scope.suffix.startswith("."):
        _branch_done(t, owner)
    else:
        t.later("broke", owner.path, failure)


def _given_up(t: Thinking, scope: Scope) -> None:
    """What is around has failed: the owner ends as stopped once nothing in it is live."""
    owner = t.state.steps[scope.owner]
    if any(inner.live for inner in tree.inner_scopes(t.state, t.program, owner)):
        return
    if scope.suffix.startswith(".") and t.branch_failure(owner) is not None:
        _branch_done(t, owner)
        return
    t.stop(owner.path)
