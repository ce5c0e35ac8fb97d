"""Calls to models and tools: slots, money, the request."""

from collections.abc import Callable

from kapell.core.agents.definition import Agent
from kapell.core.events.budget import BudgetReserved
from kapell.core.events.model import ModelRequested
from kapell.core.events.step import StepStarted
from kapell.core.events.tool import ToolRequested
from kapell.core.gateway.calls import DEFAULT_MAX_OUTPUT
from kapell.core.pricing.quote import Quote, worst_cost, worst_tokens
from kapell.core.runs import paths
from kapell.core.runs.decide.steps import money
from kapell.core.runs.decide.steps.results import reraise_if_cheap
from kapell.core.runs.decide.turn import Turn
from kapell.core.runs.fold import tree
from kapell.core.runs.program import Program
from kapell.core.runs.state import StepRun
from kapell.core.tools.spec import repeatable as may_repeat
from kapell.core.workflows.version import AgentWork, AskWork, ToolWork
from kapell.kit.errors import Failure, KapellError, Missing
from kapell.kit.json import Json, encode

_CORRECTION_BYTES = 512
"""What our own words around a correction take at most."""


def slot_for(t: Turn, path: str, outer: StepRun) -> bool:
    """Tell whether an item may work now; if not, it is put on the waiting list for a slot."""
    fan = outer.fan
    each = t.place(outer).step.for_each
    if fan is None or each is None or fan.busy < each.concurrency:
        return True
    t.waitlists.for_slot(outer.path, path)
    return False


def may_work(t: Turn, run: StepRun) -> bool:
    """Tell whether every item around may work; the step run waits for the first that may not."""
    if "[" not in run.path:
        return True
    for around in tree.chain(t.state, run):
        idle = around.item >= 0 and not around.busy
        if idle and not slot_for(t, run.path, t.state.steps[around.outer]):
            return False
    return True


def first(t: Turn, run: StepRun, cache: str) -> None:
    """Begin an attempt with its first call."""
    if not t.ctx.draining and may_work(t, run):
        _call(t, run, lambda: t.emit(StepStarted(run.path, run.attempt, cache=cache)))


def again(t: Turn, path: str) -> None:
    """Make a step run's next call: after a wrong answer, or when the one before was lost.

    A lost tool call is made again even when nothing new may begin: it may have taken effect, and
    only so it is known what there is to undo.
    """
    run = t.state.steps.get(path)
    if run is None or run.open or run.waits or run.handled or run.status != "running":
        return
    if t.ctx.draining:
        return
    scope, place = t.state.scopes[run.scope], t.place(run)
    tool = isinstance(place.step.work, ToolWork)
    effect = tool and run.calls > 0 and t.state.phase != "held"
    if not effect and not t.may_begin(scope, place):
        if t.stopped(scope):
            t.stop(path)
    elif may_work(t, run):
        try:
            _call(t, run, lambda: None)
        except KapellError as error:
            reraise_if_cheap(t, error)
            t.later("broke", path, Failure.of(error, path))


def _call(t: Turn, run: StepRun, started: Callable[[], None]) -> None:
    work = t.place(run).step.work
    if isinstance(work, ToolWork):
        _request_tool(t, run, work, started)
    elif isinstance(work, AgentWork | AskWork):
        prompt = t.names(run).value(work.prompt)
        text = prompt if isinstance(prompt, str) else encode(prompt).decode()
        _ask(t, run, text, started)


def _request_tool(t: Turn, run: StepRun, work: ToolWork, started: Callable[[], None]) -> None:
    value = t.names(run).value(work.args)
    args = t.pack(value)
    spec = t.ctx.tools.get(work.tool)
    if spec is None:
        raise Missing(
            f"There is no tool {work.tool!r} here.",
            code="tool_unknown",
            advice="See 'kapell tools' for those there are.",
        )
    repeatable = may_repeat(spec, value)
    started()
    live = t.state.steps[run.path]
    t.emit(
        ToolRequested(
            call=paths.call(live.path, live.attempt, live.calls + 1),
            path=live.path,
            tool=work.tool,
            args=args,
            repeatable=repeatable,
            key=_key(t, live),
        )
    )


def _key(t: Turn, run: StepRun) -> str:
    """Return the idempotency key: the same for a call made again after its worker was lost."""
    return f"{t.state.run_id}:{paths.call(run.path, run.attempt, len(run.corrections) + 1)}"


def agent_of_step(program: Program, run: StepRun) -> Agent | None:
    """Return the agent of a step run, pinned by the version; None for ``ask``."""
    work = tree.place_of(program, run).step.work
    if isinstance(work, AgentWork):
        return program.bodies[run.body].version.agents[work.agent]
    return None


def schema_of_step(program: Program, run: StepRun) -> Json:
    """Return the schema of the answer a step run asks for; null for text."""
    agent = agent_of_step(program, run)
    output = tree.place_of(program, run).step.output
    return output if output is not None or agent is None else agent.output


def _ask(t: Turn, run: StepRun, text: str, started: Callable[[], None]) -> None:
    agent = agent_of_step(t.program, run)
    model = t.state.request.model or t.place(run).step.model or ""
    quote = _quote(t, model)
    max_output = agent.max_output if agent and agent.max_output else DEFAULT_MAX_OUTPUT
    tokens = worst_tokens(_size(t, run, agent, text))
    usd = int(worst_cost(quote, tokens, max_output))
    prompt = t.pack(text)
    if not money.room(t, run, usd, tokens + max_output, started):
        return
    started()
    live = t.state.steps[run.path]
    call = paths.call(live.path, live.attempt, live.calls + 1)
    t.emit(
        ModelRequested(
            call=call,
            path=live.path,
            model=model,
            prompt=prompt,
            agent=agent.name if agent else "",
            max_output=max_output,
            key=_key(t, live),
        )
    )
    t.emit(BudgetReserved(call, usd, tokens + max_output))


def _quote(t: Turn, model: str) -> Quote:
    quote = t.ctx.quotes.get(model)
    if isinstance(quote, Quote):
        return quote
    if quote is not None:
        raise KapellError.from_failure(quote)
    raise Missing(
        f"There is no model {model!r}.",
        code="model_unknown",
        advice="Name one as provider:model, or use offline.",
    )


def _size(t: Turn, run: StepRun, agent: Agent | None, text: str) -> int:
    """Return the bytes a call sends: prompt, instructions, schema, and what is to be corrected."""
    size = len(text.encode()) + len(agent.instructions.encode() if agent else b"")
    schema = schema_of_step(t.program, run)
    size += len(encode(schema)) if schema is not None else 0
    for correction in run.corrections:
        size += correction.size + len(correction.problem.encode()) + _CORRECTION_BYTES
    return size
