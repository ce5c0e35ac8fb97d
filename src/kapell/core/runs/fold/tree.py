"""Walking and changing the tree of scopes and step runs."""

from collections.abc import Iterator

from kapell.core.agents import turns
from kapell.core.events.value import NOTHING, Packed
from kapell.core.guardrails.labels import Mask, all_of
from kapell.core.runs import paths
from kapell.core.runs.program import Place, Program
from kapell.core.runs.state import ItemResult, Meter, Question, Scope, State, StepRun
from kapell.core.runs.status import STEP_ENDED, StepStatus
from kapell.core.workflows.version import AgentWork, Join
from kapell.kit.errors import Failure


def place_of(program: Program, run: StepRun) -> Place:
    """Return the step a step run passes through."""
    return program.bodies[run.body].places[run.id]


def owner_of(state: State, run: StepRun) -> StepRun | None:
    """Return what a step run is a part of: its ``for_each``, or the owner of its scope."""
    if run.item >= 0:
        return state.steps[run.outer]
    owner = state.scopes[run.scope].owner
    return state.steps.get(owner) if owner else None


def chain(state: State, run: StepRun) -> Iterator[StepRun]:
    """Yield the step run and everything it is a part of, innermost first."""
    at: StepRun | None = run
    steps = state.steps
    while at is not None:
        yield at
        if at.item >= 0:
            at = steps[at.outer]
        else:
            owner = state.scopes[at.scope].owner
            at = steps.get(owner) if owner else None


def goes_on(state: State, program: Program, run: StepRun) -> bool:
    """Tell whether a step run is, or is part of, a ``join: always`` step."""
    return any(place_of(program, around).step.join is Join.ALWAYS for around in chain(state, run))


def has_room(state: State, path: str) -> bool:
    """Tell whether the scope (or ``for_each``) of a path is still open."""
    if not path.endswith("]"):
        return path.rpartition("/")[0] in state.scopes
    outer = state.steps.get(path.rpartition("[")[0])
    if outer is None or outer.fan is None:
        return False
    index = int(path[:-1].rpartition("[")[2])
    return index < outer.fan.total and outer.fan.results[index] is None


def new_run(state: State, path: str) -> StepRun:
    """Return a fresh step run for a path whose scope (or ``for_each``) is open."""
    if path.endswith("]"):
        outer_path, _, index = path[:-1].rpartition("[")
        outer = state.steps[outer_path]
        # Which items there are decides what happens: an item stands on the label of them all.
        ground = outer.ground | (outer.fan.label if outer.fan is not None else 0)
        return StepRun(path, outer.id, outer.body, outer.scope, item=int(index), ground=ground)
    scope_path, _, step_id = path.rpartition("/")
    scope = state.scopes[scope_path]
    return StepRun(path, step_id, scope.body, scope_path, ground=scope.ground)


def planned_meter(program: Program, run: StepRun, *, passage: bool) -> Meter | None:
    """Return the meter a step run begins with, None when nothing limits it.

    ``passage`` is False for a ``for_each`` as a whole: timeouts and agents' budgets hold per item.
    """
    place = place_of(program, run)
    if not place.metered:
        return None
    step = place.step
    limits: list[tuple[int | None, int | None, float | None]] = []
    if step.budget is not None and run.item < 0:
        limits.append((step.budget.usd, step.budget.tokens, step.budget.time))
    if passage and "" in place.inner:
        plan = program.bodies[place.inner[""]]
        if plan.is_workflow and plan.version.budget is not None:
            budget = plan.version.budget
            limits.append((budget.usd, budget.tokens, budget.time))
    if passage and isinstance(step.work, AgentWork):
        agent = program.bodies[place.body].version.agents[step.work.agent]
        limits.append((agent.budget_usd, agent.budget_tokens, agent.budget_time))
    timeout = step.timeout if passage and not place.leaf else None
    if not limits and timeout is None:
        return None
    usd = min((one[0] for one in limits if one[0] is not None), default=None)
    tokens = min((one[1] for one in limits if one[1] is not None), default=None)
    time = min((one[2] for one in limits if one[2] is not None), default=None)
    if usd is None and tokens is None and time is None and timeout is None:
        return None
    return Meter(limit_usd=usd, limit_tokens=tokens, limit_time=time, timeout=timeout)


def open_scope(
    state: State,
    program: Program,
    *,
    base: str,
    suffix: str,
    body: int,
    owner: str,
    number: int = 0,
    names: Packed = NOTHING,
    previous: Packed = NOTHING,
    labels: dict[str, Mask] | None = None,
    label: Mask = 0,
    ground: Mask = 0,
) -> Scope:
    """Open a body below ``base`` (a path with its attempt)."""
    tail = f"{suffix}{number}" if suffix == paths.PASS else suffix
    scope = Scope(
        path=base + tail,
        body=body,
        owner=owner,
        suffix=suffix,
        left=len(program.bodies[body].places),
        number=number,
        names=names,
        previous=previous,
        labels=labels or {},
        label=label,
        ground=ground,
    )
    state.scopes[scope.path] = scope
    return scope


def inner_scopes(state: State, program: Program, run: StepRun) -> Iterator[Scope]:
    """Yield the open scopes a step run owns in this attempt."""
    base = paths.attempt(run.path, run.attempt)
    for suffix in place_of(program, run).inner:
        tail = f"{suffix}{run.number}" if suffix == paths.PASS else suffix
        scope = state.scopes.get(base + tail)
        if scope is not None and scope.owner == run.path and scope.suffix == suffix:
            yield scope


def failure_inside(state: State, program: Program, run: StepRun) -> Failure | None:
    """Return what failed inside a step run that has not ended, None when nothing did."""
    if run.fan is not None and run.fan.failed is not None:
        return run.fan.failed
    for scope in inner_scopes(state, program, run):
        if scope.failure is not None:
            return scope.failure
    for path in state.dead:
        dead = state.steps.get(path)
        if dead is None or (state.phase == "going" and dead.status is StepStatus.WAITING):
            continue
        if any(around is run for around in chain(state, dead)):
            return dead.failure
    return None


def label_of_run(state: State, program: Program, run: StepRun) -> Mask:
    """Return the label of all that is known of a step run: its output, its status, its failure.

    One that has not ended is known by what is inside it too.
    """
    label = run.label | run.ground
    if run.status in STEP_ENDED:
        return label
    if run.fan is not None:
        label |= run.fan.label
        label |= all_of(result.label for result in run.fan.results if result is not None)
        label |= all_of(label_of_run(state, program, one) for one in live_items(state, run))
    for scope in inner_scopes(state, program, run):
        label |= label_of_scope(state, program, scope)
    return label


def label_of_scope(state: State, program: Program, scope: Scope) -> Mask:
    """Return the label of everything in a scope."""
    label = scope.ground | scope.label
    return label | all_of(
        label_of_run(state, program, run) for run in members(state, program, scope)
    )


def members(state: State, program: Program, scope: Scope) -> Iterator[StepRun]:
    """Yield the step runs that have begun in a scope, in the author's order."""
    for step_id in program.bodies[scope.body].places:
        run = state.steps.get(paths.join(scope.path, step_id))
        if run is not None:
            yield run


def live_items(state: State, run: StepRun) -> Iterator[StepRun]:
    """Yield the items of a ``for_each`` that have begun and not ended."""
    fan = run.fan
    if fan is None:
        return
    for index in range(fan.next):
        if fan.results[index] is None:
            item = state.steps.get(paths.item(run.path, index))
            if item is not None:
                yield item


def prune(state: State, program: Program, run: StepRun) -> None:
    """Forget everything inside a step run; its own result stays."""
    if run.fan is None and not place_of(program, run).inner:
        return
    if run.fan is not None:
        for item in list(live_items(state, run)):
            prune(state, program, item)
            forget(state, item)
    for scope in list(inner_scopes(state, program, run)):
        close_scope(state, program, scope)


def close_scope(state: State, program: Program, scope: Scope) -> None:
    """Take a scope and everything in it out of the state."""
    for member in list(members(state, program, scope)):
        prune(state, program, member)
        forget(state, member)
    del state.scopes[scope.path]


def close_question(state: State, question: Question) -> None:
    """Take what people were asked out of the state, as it is decided or needed no more."""
    state.questions.pop(question.key, None)
    state.timers.pop(question.timer, None)
    run = state.steps.get(question.request.path)
    if question.request.call and run is not None:
        run.held -= 1


def forget_grant(run: StepRun) -> None:
    """Let what people allowed a step run to call count no more."""
    run.approved, run.granted, run.granted_labels, run.grants = "", NOTHING, {}, {}


def close_questions(state: State, run: StepRun) -> None:
    """Ask nobody about a step run any more; a held call would be asked about anew."""
    own = state.questions.get(run.path)
    found = [own] if own is not None else []
    if run.held:
        found += [
            q for q in state.questions.values() if q.request.path == run.path and q.request.call
        ]
    for question in found:
        close_question(state, question)
        ask = turns.asked(run.turns, question.request.ask)
        if ask is not None:
            ask.call = ""


def forget(state: State, run: StepRun) -> None:
    """Take a step run, its meter and its timer out of the state."""
    close_questions(state, run)
    state.steps.pop(run.path, None)
    state.meters.pop(run.path, None)
    clear_wait(state, run)


def clear_wait(state: State, run: StepRun) -> None:
    """Let a step run wait for nothing any more."""
    if run.due is not None:
        state.timers.pop(run.path, None)
        run.due = None
    run.waits = ""


def set_wait(state: State, run: StepRun, what: str, due: float | None) -> None:
    """Let a step run wait for ``what``, at the latest until ``due``."""
    run.waits = what
    run.due = due
    if due is None:
        state.timers.pop(run.path, None)
    else:
        state.timers[run.path] = due


def end(state: State, program: Program, run: StepRun, status: StepStatus) -> None:
    """Let a step run end: its scope or its ``for_each`` counts it, what it held is forgotten."""
    already = run.status in STEP_ENDED
    run.status = status
    clear_wait(state, run)
    close_questions(state, run)
    prune(state, program, run)
    state.meters.pop(run.path, None)
    if run.item >= 0:
        fan = state.steps[run.outer].fan
        if fan is not None and fan.results[run.item] is None:
            fan.results[run.item] = ItemResult(
                status, run.output, run.failure, run.label | run.ground
            )
            fan.left -= 1
        state.steps.pop(run.path, None)
    elif not already:
        scope = state.scopes[run.scope]
        scope.left -= 1
        scope.live -= 1
