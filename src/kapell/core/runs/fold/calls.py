"""How facts about calls, money, signals and children change the state."""

from kapell.core.agents import turns
from kapell.core.events.budget import (
    BudgetAlerted,
    BudgetExceeded,
    BudgetReserved,
    BudgetSettled,
    BudgetWarned,
)
from kapell.core.events.guarding.guard import BreakerTripped, GuardVerdict, PolicyVerdict
from kapell.core.events.model import (
    ModelAbandoned,
    ModelAnswered,
    ModelFailed,
    ModelJudged,
    ModelRequested,
)
from kapell.core.events.signal import (
    ChildEnded,
    ChildSettled,
    ChildStarted,
    SignalReceived,
)
from kapell.core.events.tool import ToolFailed, ToolRequested, ToolReturned
from kapell.core.events.value import NOTHING
from kapell.core.guardrails.labels import AGENT, all_of, mask_of, masks_of
from kapell.core.runs import paths
from kapell.core.runs.fold import tree
from kapell.core.runs.program import Program
from kapell.core.runs.state import Child, GivenUp, HeldSignal, Judging, OpenCall, State, StepRun


def requested(
    state: State, program: Program, event: ModelRequested | ToolRequested, at: float, seq: int
) -> None:
    """A call is in flight: its step run and everything around it works."""
    del seq
    run = state.steps[event.path]
    _begun(run, at)
    timeout = tree.place_of(program, run).step.timeout
    deadline = None if timeout is None else run.since + max(timeout - run.used, 0.0)
    call = OpenCall(
        call=event.call,
        path=event.path,
        kind="tool",
        name="",
        key=event.key,
        prompt=NOTHING,
        at=at,
        deadline=deadline,
    )
    if isinstance(event, ModelRequested):
        call.kind, call.name, call.prompt = "model", event.model, event.prompt
        call.agent, call.max_output, call.repeatable = event.agent, event.max_output, True
        call.tools, call.judges = event.tools, event.judges
        call.approved, call.grants = event.approved, dict(event.grants)
        if event.label:
            call.labels = {"": mask_of(event.label)}
    else:
        call.name, call.prompt, call.repeatable = event.tool, event.args, event.repeatable
        call.ask, call.approved, call.grants = event.ask, event.approved, dict(event.grants)
        call.labels = masks_of(event.labels)
        _takes(run, event.ask, event.call)
    run.label |= all_of(call.labels.values())
    state.calls[event.call] = call
    call.holders = _work(state, run, at)


def _begun(run: StepRun, at: float) -> None:
    run.calls += 1
    if not run.open:
        run.since = at
    run.open += 1


def _takes(run: StepRun, ask: str, call: str) -> None:
    asked = turns.asked(run.turns, ask)
    if asked is not None:
        asked.call = call
        asked.begun += 1


def _work(state: State, run: StepRun, at: float) -> tuple[str, ...]:
    """Count the call in every meter and slot around it; return the meters' paths."""
    holders = []
    for around in tree.chain(state, run):
        _enter_slot(state, around)
        if around.path in state.meters:
            holders.append(around.path)
    holders.append(paths.ROOT)
    for path in holders:
        meter = state.meters[path]
        if not meter.busy:
            meter.since = at
        meter.busy += 1
    return tuple(holders)


def _enter_slot(state: State, run: StepRun) -> None:
    run.busy += 1
    if run.item >= 0 and run.busy == 1:
        fan = state.steps[run.outer].fan
        if fan is not None:
            fan.busy += 1


def close(state: State, call: str, at: float) -> OpenCall | None:
    """Take a call out of flight."""
    opened = state.calls.pop(call, None)
    if opened is None:
        return None
    run = state.steps[opened.path]
    run.open -= 1
    if not run.open:
        run.used += max(at - run.since, 0.0)
    for around in tree.chain(state, run):
        around.busy -= 1
        if around.item >= 0 and not around.busy:
            fan = state.steps[around.outer].fan
            if fan is not None:
                fan.busy -= 1
    for path in opened.holders:
        meter = state.meters.get(path)
        if meter is not None:
            meter.busy -= 1
            if not meter.busy:
                meter.used += max(at - meter.since, 0.0)
    return opened


def answered(state: State, program: Program, event: ModelAnswered, at: float, seq: int) -> None:
    """A model answered: an answer with a problem, or one that asks for tools, is a turn.

    A judge's is none: what it says counts for the answer it judges.
    """
    del program, seq
    close(state, event.call, at)
    run = state.steps[event.path]
    run.label |= AGENT
    if event.judges:
        return
    tree.forget_grant(run)
    if event.problem or event.asks:
        run.turns.append(turns.turn_of(event))
    elif event.unjudged:
        value = event.text if event.value is None else event.value
        run.judging = Judging(event.call, value, turns.turn_of(event))


def model_judged(state: State, program: Program, event: ModelJudged, at: float, seq: int) -> None:
    """An answer was judged: one with a problem is a turn, any other is used or shown to people."""
    del program, at, seq
    run = state.steps[event.path]
    judging, run.judging = run.judging, None
    if judging is not None and event.problem:
        judging.turn.problem = event.problem
        run.turns.append(judging.turn)


def model_failed(state: State, program: Program, event: ModelFailed, at: float, seq: int) -> None:
    """A model call ended without an answer."""
    del program, seq
    close(state, event.call, at)


def abandoned(state: State, program: Program, event: ModelAbandoned, at: float, seq: int) -> None:
    """The former owner's call is settled at its worst case; the step run asks again."""
    del program, seq
    opened = close(state, event.call, at)
    if opened is not None:
        state.late[event.call] = GivenUp(event.cost, opened.tokens, opened.holders)


def returned(state: State, program: Program, event: ToolReturned, at: float, seq: int) -> None:
    """A tool returned; what it wrote is part of the run's folder now."""
    del program, seq
    close(state, event.call, at)
    label = mask_of(event.label)
    for change in event.files:
        state.written.pop(change.path, None)
        if change.digest is None:
            state.files.pop(change.path, None)
        else:
            state.files[change.path] = change.digest
            if label:
                state.written[change.path] = label
    run = state.steps[event.path]
    run.label |= label
    asked = turns.asked(run.turns, event.ask)
    if asked is not None:
        asked.output = event.output
        asked.label = label


def tool_failed(state: State, program: Program, event: ToolFailed, at: float, seq: int) -> None:
    """A tool call failed; one called again under the same key is known once it ends."""
    del program, seq
    close(state, event.call, at)
    run = state.steps[event.path]
    run.label |= mask_of(event.label)
    asked = turns.asked(run.turns, event.ask)
    if asked is not None and not event.unknown:
        asked.failure = event.failure
        asked.label = mask_of(event.label)
        asked.final = event.final
    elif asked is not None:
        asked.call = ""  # nobody knows what came of it: it is called again, or a person looks
    if event.unknown:
        run.unsure = run.unsure or run.attempt
    elif run.unsure == run.attempt and not turns.lost(run.turns):
        run.unsure = 0


def reserved(state: State, program: Program, event: BudgetReserved, at: float, seq: int) -> None:
    """The worst case of a call is set aside in every meter around it."""
    del program, at, seq
    call = state.calls[event.call]
    call.usd = event.usd
    call.tokens = event.tokens
    for path in call.holders:
        meter = state.meters[path]
        meter.reserved_usd += event.usd
        meter.reserved_tokens += event.tokens


def settled(state: State, program: Program, event: BudgetSettled, at: float, seq: int) -> None:
    """What was used replaces what was set aside; a late answer corrects the run's sum."""
    del program, at, seq
    call = state.calls.get(event.call)
    before = _NEVER
    if call is None:
        before = state.late.pop(event.call, _NEVER)
    usd = event.usd - before.usd
    # Early releases did not correct the tokens: they recorded no usage, and 0.
    tokens = event.tokens - (before.tokens if event.usage is not None else 0)
    for path in before.holders if call is None else call.holders:
        meter = state.meters.get(path)
        if meter is None:
            continue
        if call is not None:
            meter.reserved_usd -= call.usd
            meter.reserved_tokens -= call.tokens
        meter.usd += usd
        meter.tokens += tokens
    state.usd += usd
    state.tokens += tokens


_NEVER = GivenUp(0, 0, (paths.ROOT,))


def exceeded(state: State, program: Program, event: BudgetExceeded, at: float, seq: int) -> None:
    """Told for the record; the failure that follows stops the work."""
    del state, program, event, at, seq


def warned(state: State, program: Program, event: BudgetWarned, at: float, seq: int) -> None:
    """Told once per ceiling."""
    del program, at, seq
    meter = state.meters.get(event.scope)
    if meter is not None:
        meter.warned.append(event)


def judged(
    state: State,
    program: Program,
    event: GuardVerdict | PolicyVerdict | BreakerTripped | BudgetAlerted,
    at: float,
    seq: int,
) -> None:
    """Told for the record; what follows from it are other facts."""
    del state, program, event, at, seq


def signal_received(
    state: State, program: Program, event: SignalReceived, at: float, seq: int
) -> None:
    """A signal nobody waits for yet is kept."""
    del program, at
    if event.path:
        state.steps[event.path].label |= mask_of(event.label)
    else:
        state.signals.append(HeldSignal(seq, event.name, event.payload, mask_of(event.label)))


def child_started(state: State, program: Program, event: ChildStarted, at: float, seq: int) -> None:
    """A child run works: it holds the slot of its item, and its allotment is set aside."""
    del program, seq
    key = event.call or event.path
    state.children[key] = Child(
        event.run_id, event.path, event.usd, event.tokens, event.call, event.ask
    )
    run = state.steps[event.path]
    run.label |= all_of(masks_of(event.labels).values())
    _begun(run, at)
    _takes(run, event.ask, event.call)
    holders = _work(state, run, at)
    for path in holders:
        state.meters[path].reserved_usd += event.usd or 0
        state.meters[path].reserved_tokens += event.tokens or 0


def child_ended(state: State, program: Program, event: ChildEnded, at: float, seq: int) -> None:
    """Its spending counts in every meter around it."""
    del program, seq
    key = event.call or event.path
    child = state.children.pop(key, None)
    if child is None:
        return
    run = state.steps[event.path]
    opened = OpenCall(
        call=key,
        path=event.path,
        kind="child",
        name="",
        key="",
        prompt=event.output,
        at=at,
        holders=tuple(
            [r.path for r in tree.chain(state, run) if r.path in state.meters] + [paths.ROOT]
        ),
    )
    state.calls[key] = opened
    for path in opened.holders:
        meter = state.meters[path]
        meter.reserved_usd -= child.usd or 0
        meter.reserved_tokens -= child.tokens or 0
        meter.usd += event.usd
        meter.tokens += event.tokens
    close(state, key, at)
    label = mask_of(event.label)
    run.label |= label
    asked = turns.asked(run.turns, child.ask)
    if asked is not None:
        asked.label = label
    if asked is not None and event.failure is not None:
        asked.failure = event.failure
    elif asked is not None:
        asked.output = event.output
    state.usd += event.usd
    state.tokens += event.tokens
    if event.owing or (event.status == "cancelled" and event.failure is not None):
        given_up = GivenUp(event.usd, event.tokens, opened.holders)
        state.late_children[event.run_id] = given_up


def child_settled(state: State, program: Program, event: ChildSettled, at: float, seq: int) -> None:
    """What a child run has spent replaces what was counted for it."""
    del program, at, seq
    before = state.late_children.pop(event.run_id, _NEVER)
    if event.owing:
        state.late_children[event.run_id] = GivenUp(event.usd, event.tokens, before.holders)
    usd, tokens = event.usd - before.usd, event.tokens - before.tokens
    for path in before.holders:
        meter = state.meters.get(path)
        if meter is not None:
            meter.usd += usd
            meter.tokens += tokens
    state.usd += usd
    state.tokens += tokens
