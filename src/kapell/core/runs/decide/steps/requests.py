"""What is asked of models and tools: the request, its key, and the money set aside for it."""

from collections.abc import Callable, Mapping

from kapell.core.agents import delegation, turns
from kapell.core.agents.definition import Agent
from kapell.core.agents.messages import WORDS, instructions, observed_size, offer_size
from kapell.core.agents.skills import LOAD
from kapell.core.events.budget import BudgetReserved
from kapell.core.events.model import ModelRequested
from kapell.core.events.tool import ToolRequested
from kapell.core.events.value import Packed
from kapell.core.gateway.calls import DEFAULT_MAX_OUTPUT
from kapell.core.guardrails.labels import Label
from kapell.core.pricing.forecast import forecast
from kapell.core.pricing.quote import Quote, worst_cost, worst_tokens
from kapell.core.runs import paths
from kapell.core.runs.context import Context
from kapell.core.runs.decide.steps import money
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.fold import tree
from kapell.core.runs.program import Program
from kapell.core.runs.state import StepRun
from kapell.core.tools.spec import ToolSpec, chosen
from kapell.core.tools.spec import repeatable as may_repeat
from kapell.core.workflows.version import AgentWork
from kapell.kit.errors import Conflict, KapellError, Missing
from kapell.kit.json import Json, encode


def call_tool(
    t: Thinking,
    run: StepRun,
    tool: str,
    args: Json,
    labels: Mapping[str, Label],
    started: Callable[[], None],
) -> None:
    """Call the tool of a step.

    Raises:
        Missing: ``tool_unknown``.
    """
    packed = t.pack(args)
    spec = t.ctx.tools.get(tool)
    if spec is None:
        raise Missing(
            f"There is no tool {tool!r} here.",
            code="tool_unknown",
            advice="See 'kapell tools' for those there are.",
        )
    if spec.cost and not money.room(t, run, spec.cost, 0, started):
        return
    started()
    live = t.state.steps[run.path]
    key = f"{t.state.run_id}:{paths.call(live.path, live.attempt, 1)}"
    again = may_repeat(spec, args)
    request(t, live, spec, packed, again, key, labels, granted=(live.approved, live.grants))


def request(
    t: Thinking,
    run: StepRun,
    spec: ToolSpec,
    args: Packed,
    repeatable: bool,
    key: str,
    labels: Mapping[str, Label],
    ask: str = "",
    granted: tuple[str, Mapping[str, str]] = ("", {}),
) -> str:
    """Record that a tool is called, with the money it costs set aside; return the call's path."""
    call = paths.call(run.path, run.attempt, run.calls + 1)
    t.emit(
        ToolRequested(
            call=call,
            path=run.path,
            tool=spec.name,
            args=args,
            repeatable=repeatable,
            key=key,
            ask=ask,
            labels=labels,
            approved=granted[0],
            grants=dict(granted[1]),
        )
    )
    if spec.cost:
        t.emit(BudgetReserved(call, spec.cost, 0))
    return call


def offers(ctx: Context, program: Program, run: StepRun) -> Mapping[str, ToolSpec]:
    """Return the tools an agent may ask for, other agents among them, by name."""
    agent = agent_of_step(program, run)
    if agent is None:
        return {}
    wanted = (*(agent.tools or ()), *((LOAD,) if agent.skills else ()))
    if not wanted:
        return {}
    others = delegation.specs_of(program.bodies[run.body].version.agents)
    found = {name: ctx.tools[name] for name in chosen(ctx.tools, wanted)}
    for name in chosen(others, filter(delegation.named, wanted)):
        if delegation.named(name) != agent.name:
            found[name] = others[name]
    return found


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


def ask_model(
    t: Thinking, run: StepRun, text: str, label: Label, started: Callable[[], None]
) -> None:
    """Ask the model of a step for its next turn; in the last there are no more tools to ask for.

    Raises:
        Conflict: ``agent_stuck``.
        KapellError: there is no such model, or no price for it.
    """
    if turns.stuck(run.turns):
        raise Conflict(
            f"Nothing the agent tried in its last {turns.IN_VAIN} turns succeeded.",
            code="agent_stuck",
            advice="Look at what its tools said, then mend its tools or its instructions.",
        )
    agent = agent_of_step(t.program, run)
    model = t.state.request.model or t.place(run).step.model or ""
    quote = quote_of(t, model)
    max_output = agent.max_output if agent and agent.max_output else DEFAULT_MAX_OUTPUT
    number = len(run.turns) + 1
    limit = agent.turns if agent and agent.turns else turns.TURNS
    tools = offers(t.ctx, t.program, run) if number < limit else {}
    size = _size(t, run, agent, text, tools)
    tokens = worst_tokens(size)
    usd = int(worst_cost(quote, tokens, max_output))
    prompt = t.pack(text)
    if not money.room(t, run, usd, tokens + max_output, started):
        return
    started()
    live = t.state.steps[run.path]
    call = paths.call(live.path, live.attempt, live.calls + 1)
    name = agent.name if agent else ""
    t.emit(
        ModelRequested(
            call=call,
            path=live.path,
            model=model,
            prompt=prompt,
            agent=name,
            max_output=max_output,
            key=f"{t.state.run_id}:{paths.call(live.path, live.attempt, number)}",
            turn=number,
            tools=tuple(tools),
            size=size,
            forecast=forecast(quote, size, max_output, agent=name, step=paths.step_of(live.path)),
            label=label,
            approved=live.approved,
            grants=dict(live.grants),
        )
    )
    t.emit(BudgetReserved(call, usd, tokens + max_output))


def quote_of(t: Thinking, model: str) -> Quote:
    """Return a model's price.

    Raises:
        KapellError: there is no such model, or no price for it.
    """
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


def _size(
    t: Thinking, run: StepRun, agent: Agent | None, text: str, tools: Mapping[str, ToolSpec]
) -> int:
    """Return the bytes a call sends at most: prompt, instructions, schemas and the turns before."""
    size = len(text.encode()) + len(instructions(agent).encode())
    schema = schema_of_step(t.program, run)
    size += len(encode(schema)) if schema is not None else 0
    size += sum(offer_size(spec) for spec in tools.values())
    for turn in run.turns:
        size += turn.size + len(turn.problem.encode()) + WORDS
        size += sum(observed_size(ask) for ask in turn.asks)
    return size
