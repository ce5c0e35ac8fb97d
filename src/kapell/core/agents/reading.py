"""From a Markdown file with front matter to an agent."""

import re

import msgspec

from kapell.core.agents.authored import RUNTIMES_LATER, AgentForm
from kapell.core.agents.borrowed import DELEGATES, borrowed, ours, restricted, split
from kapell.core.agents.definition import Agent
from kapell.core.agents.front_matter import front_matter, parts_of
from kapell.core.agents.runtimes import check_runtime, settings_of
from kapell.core.definitions.authored import ID_PATTERN
from kapell.core.definitions.json_schema import check_schema
from kapell.core.definitions.limits import grounded_of, judge_inherited
from kapell.core.definitions.nearest import nearest
from kapell.core.definitions.problems import DefinitionInvalid, Problems
from kapell.core.definitions.reading import decoded
from kapell.core.definitions.shaping import shape
from kapell.core.definitions.tree import Node
from kapell.kit.errors import Place
from kapell.kit.money import nano

INHERIT = "inherit"


class AgentFile(msgspec.Struct, frozen=True):
    """An agent's file, read: its front matter, and its instructions from the line they begin at."""

    form: AgentForm
    instructions: str
    line: int = 1

    @property
    def schema_file(self) -> str | None:
        """Return the file that holds the schema of its answers, when it names one."""
        return self.form.output if isinstance(self.form.output, str) else None


def read_agent(data: bytes | str, file: str, problems: Problems) -> AgentFile | None:
    """Return the agent's file; what is wrong with it is noted, None when it cannot be read."""
    try:
        text = decoded(data, file)
        front, body, body_line = parts_of(text, file)
        root = front_matter(front, file, problems)
    except DefinitionInvalid as error:
        for one in error.problems:
            problems.error(one.code, one.message, one.place, one.advice)
        return None
    form = shape(root, AgentForm, problems)
    instructions = body.strip()
    if not instructions:
        problems.error(
            "instructions_missing",
            "The agent has no instructions.",
            Place(file=file, line=body_line, column=1),
            "Write under the front matter who the agent is and what it does.",
        )
    _check(form, problems)
    blank = len(body) - len(body.lstrip())
    line = body_line + body[:blank].count("\n")
    return AgentFile(form=form, instructions=instructions, line=line)


def agent_of(file: AgentFile, schema: Node | None = None) -> Agent:
    """Return the agent of a file whose checks have passed.

    Args:
        file: The file as read.
        schema: The content of ``file.schema_file``, when it names one.
    """
    form = file.form
    budget = form.budget
    output = schema.plain() if isinstance(form.output, str) and schema is not None else form.output
    fields = AgentForm.__struct_fields__
    return Agent(
        name=form.name,
        instructions=file.instructions,
        description=form.description or "",
        model=None if form.model == INHERIT else form.model,
        tools=named_tools(form),
        tier=form.tier or "specialist",
        capabilities=tuple(form.capabilities or ()),
        tags=tuple(form.tags or ()),
        output=output,
        budget_usd=None if budget is None or budget.usd is None else int(nano(budget.usd)),
        budget_tokens=None if budget is None else budget.tokens,
        budget_time=None if budget is None else budget.time,
        max_output=form.max_output,
        temperature=form.temperature,
        turns=form.turns,
        cache=form.cache,
        guardrails=form.guardrails,
        grounded=grounded_of(form.grounded),
        runtime=form.runtime or "inline",
        settings=settings_of(form.runtime or "inline", form.python, form.tmux),
        kept={
            key: value.plain() for key, (_, value) in form.node.entries.items() if key not in fields
        },
    )


def _check(form: AgentForm, problems: Problems) -> None:
    if form.name and not re.fullmatch(ID_PATTERN, form.name):
        problems.error(
            "id_broken",
            f"The name `{form.name}` may hold only letters, digits, `_` and `-`.",
            form.value("name").place,
            f"Write `{re.sub(r'[^A-Za-z0-9_-]+', '-', form.name).strip('-') or 'agent'}`.",
        )
    capability = RUNTIMES_LATER.get(form.runtime or "")
    if capability is not None:
        problems.error(
            "not_available_yet",
            f"The runtime `{form.runtime}` is not available yet: it comes with {capability}.",
            form.value("runtime").place,
            "Use `runtime: inline` for now; the grammar will not change.",
        )
    check_runtime(form.runtime or "inline", form, form.python, form.tmux, problems)
    _check_grounded(form, problems)
    if isinstance(form.output, dict):
        check_schema(form.value("output"), problems)
    fields = AgentForm.__struct_fields__
    for key, (node, _) in form.node.entries.items():
        if key not in fields:
            near = nearest(key, fields)
            message = f"The key `{key}` means nothing here and is kept as it is."
            advice = f"Did you mean `{near}`?" if near else "Remove it if nothing else reads it."
            problems.warn("key_kept", message, node.place, advice)
    _check_tools(form, problems)


def _check_grounded(form: AgentForm, problems: Problems) -> None:
    if form.grounded is None:
        return
    if form.grounded.judge == INHERIT:
        judge_inherited(form.grounded.value("judge").place, problems)
    if (form.runtime or "inline") != "inline":
        problems.error(
            "grounded_elsewhere",
            f"With `runtime: {form.runtime}` no model answers here that could correct itself.",
            form.place("grounded"),
            "Remove `grounded`, or let a model answer.",
        )


def _check_tools(form: AgentForm, problems: Problems) -> None:
    for name in _written(form.tools) or ():
        tool, place = ours(name), form.value("tools").place
        if name in DELEGATES:
            message = f"`{name}` calls other agents; here each is a tool of its own."
            problems.warn(
                "tool_without_like", message, place, "Name them as `agent.NAME` in `tools:`."
            )
        elif tool[:1].isupper():
            message = f"There is no tool like `{tool}` here; the agent works without it."
            advice = "`kapell tools list` shows those there are."
            problems.warn("tool_without_like", message, place, advice)
        elif pattern := restricted(name):
            message = f"`{tool}` is not restricted to `{pattern}` here."
            advice = "It runs in a sandbox, without the network; take it out if that is too much."
            problems.warn("tool_unrestricted", message, place, advice)


def _written(named: list[str] | str | None) -> list[str] | None:
    """Return names as they stand in the file, whether a list or separated by commas."""
    if named is None:
        return None
    listed = split(named) if isinstance(named, str) else named
    return [name.strip() for name in listed if name.strip()]


def named_tools(form: AgentForm) -> tuple[str, ...] | None:
    """Return the tools an agent names, by our names; None when it names none."""
    written = _written(form.tools)
    if written is None:
        return None
    return tuple(dict.fromkeys(ours(name) for name in written))


def named_skills(form: AgentForm) -> tuple[str, ...]:
    """Return the skills an agent names, or the patterns of them."""
    return tuple(dict.fromkeys(_written(form.skills) or ()))


def is_borrowed(form: AgentForm) -> bool:
    """Tell whether a file was written for another program."""
    return borrowed(form.node.entries, form.model)
