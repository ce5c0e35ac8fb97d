"""From a Markdown file with front matter to an agent."""

import json
import re

import msgspec

from kapell.core.agents.authored import RUNTIMES_LATER, AgentForm
from kapell.core.agents.definition import Agent
from kapell.core.definitions.authored import ID_PATTERN
from kapell.core.definitions.json_schema import check_schema
from kapell.core.definitions.nearest import nearest
from kapell.core.definitions.problems import DefinitionInvalid, Problems
from kapell.core.definitions.reading import decoded, read
from kapell.core.definitions.shaping import shape
from kapell.core.definitions.tree import Node
from kapell.kit.errors import Place
from kapell.kit.money import nano

INHERIT = "inherit"
LIKE = {"Read": "file.read", "Write": "file.write", "WebFetch": "http.request"}
"""Tools of other programs' agent files, and ours that do the like."""

_LINE = re.compile(r"([A-Za-z_][\w-]*):[ \t]+(\S.*?)[ \t]*")
_PLAIN_START = re.compile(r"[^\"'\[\]{}|>&*!%@`#,?-]")


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
        front, body, body_line = _parts(text, file)
        root = _front(front, file, problems)
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
        runtime=form.runtime or "inline",
        kept={
            key: value.plain() for key, (_, value) in form.node.entries.items() if key not in fields
        },
    )


def _parts(text: str, file: str) -> tuple[str, str, int]:
    """Return front matter, the text under it, and the line at which that text begins."""
    lines = text.split("\n")
    start = Place(file=file, line=1, column=1)
    example = "Begin the file with `---`, `name: ...`, `---`."
    problems = Problems()
    if lines[0].rstrip() != "---":
        problems.error("front_matter_missing", "The file has no front matter.", start, example)
    else:
        for number, line in enumerate(lines[1:], start=1):
            if line.rstrip() == "---":
                front = "\n".join(lines[1:number])
                return front, "\n".join(lines[number + 1 :]), number + 2
        message = "The front matter is never closed."
        problems.error("front_matter_open", message, start, "Add a line `---` after its last key.")
    raise DefinitionInvalid(problems.errors)


def _front(text: str, file: str, problems: Problems) -> Node:
    """Return the front matter's tree, mended when its texts are not quoted as YAML wants."""
    try:
        return read(text, file, first_line=2, noted=problems)
    except DefinitionInvalid as error:
        mended = "\n".join(_quoted(line) for line in text.split("\n"))
        if mended == text:
            raise
        try:
            root = read(mended, file, first_line=2, noted=problems)
        except DefinitionInvalid:
            raise error from None
        place = error.problems[0].place
        message = "The text is no YAML as it stands and was read as if it were quoted."
        problems.warn("front_matter_mended", message, place, "Put the value in quotes.")
        return root


def _quoted(line: str) -> str:
    """Return ``key: some: text`` with its text in quotes; other lines as they are."""
    found = _LINE.fullmatch(line)
    if found is None:
        return line
    key, value = found.groups()
    if _PLAIN_START.match(value) and (": " in value or " #" in value or value.endswith(":")):
        # Such files write line breaks as \n, which a quoted text keeps.
        quoted = json.dumps(value, ensure_ascii=False).replace("\\\\n", "\\n")
        return f"{key}: {quoted}"
    return line


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
    if isinstance(form.output, dict):
        check_schema(form.value("output"), problems)
    fields = AgentForm.__struct_fields__
    for key, (node, _) in form.node.entries.items():
        if key not in fields:
            near = nearest(key, fields)
            message = f"The key `{key}` means nothing here and is kept as it is."
            advice = f"Did you mean `{near}`?" if near else "Remove it if nothing else reads it."
            problems.warn("key_kept", message, node.place, advice)
    for tool in named_tools(form) or ():
        if tool[:1].isupper():
            message = f"There is no tool like `{tool}` here; the agent works without it."
            advice = "`kapell tools list` shows those there are."
            problems.warn("tool_without_like", message, form.value("tools").place, advice)


def named_tools(form: AgentForm) -> tuple[str, ...] | None:
    """Return the tools an agent names, by our names; None when it names none."""
    if form.tools is None:
        return None
    named = form.tools.split(",") if isinstance(form.tools, str) else form.tools
    cleaned = [name.strip() for name in named]
    return tuple(dict.fromkeys(LIKE.get(name, name) for name in cleaned if name))
