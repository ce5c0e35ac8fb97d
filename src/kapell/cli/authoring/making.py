"""``kapell agents new``: asks at a terminal what flags do not say, and writes what works."""

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from kapell.bootstrap.definitions import Definitions, open_definitions
from kapell.cli.exits import Exit
from kapell.cli.screen import Screen
from kapell.cli.whereabouts import root_of
from kapell.core.agents.delegation import PREFIX
from kapell.core.agents.trials.scenario import FOLDER as SCENARIOS
from kapell.core.agents.trials.template import PROMPT, Draft, agent_file, scenario_file
from kapell.core.definitions.authored import ID_PATTERN
from kapell.core.definitions.nearest import hint
from kapell.core.gateway.calls import Message, ModelRequest
from kapell.core.gateway.offline.model import NAME as OFFLINE
from kapell.core.gateway.offline.model import answer
from kapell.core.tools.spec import chosen
from kapell.kit.errors import Conflict, Invalid, Missing
from kapell.kit.json import Json
from kapell.library import agent_names, agent_text
from kapell.services.workflows.agents import AgentEntry

_List = list[str] | None


def new(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Letters, digits, `_` and `-`.")
    ] = None,
    description: Annotated[
        str | None, typer.Option("--description", "-d", metavar="TEXT", help="What it is for.")
    ] = None,
    tools: Annotated[
        _List, typer.Option("--tool", metavar="T", help="A tool, or a family `table.*`; repeat.")
    ] = None,
    tier: Annotated[
        Literal["orchestrator", "specialist", "worker"], typer.Option("--tier", help="Its place.")
    ] = "specialist",
    tags: Annotated[_List, typer.Option("--tag", metavar="T", help="A tag; repeatable.")] = None,
    capabilities: Annotated[
        _List, typer.Option("--capability", metavar="C", help="What it can do; repeatable.")
    ] = None,
    model: Annotated[
        str, typer.Option("--model", metavar="M", help="Its model, or a route's name.")
    ] = "",
    like: Annotated[
        str | None, typer.Option("--from", metavar="AGENT", help="Copy an agent of the library.")
    ] = None,
) -> int:
    """Make an agent that works, with a scenario that tests it; asks for what no flag says."""
    definitions = open_definitions(root_of(ctx.obj), Path.cwd())
    asking = ctx.obj.person
    if name is None:
        if not asking:
            raise Invalid(
                "The agent needs a name.", code="id_broken", advice="kapell agents new NAME"
            )
        name = str(typer.prompt("Name")).strip()
    _check_name(name)
    path = definitions.root / "agents" / f"{name}.md"
    _check_free(path, f"agents/{name}.md")
    if asking and like is None:
        if description is None:
            description = str(typer.prompt("What is it for, in one sentence", default=""))
        if tools is None:
            said = str(typer.prompt("Tools it may use, by commas (kapell tools list)", default=""))
            tools = [one.strip() for one in said.split(",") if one.strip()]
    draft = Draft(
        name=name,
        description=description or "",
        tools=tuple(tools or ()),
        tier=tier,
        tags=tuple(tags or ()),
        capabilities=tuple(capabilities or ()),
        model=model,
    )
    _check_tools(draft, definitions)
    path.parent.mkdir(exist_ok=True)
    path.write_text(agent_file(draft) if like is None else _copied(like, name), "utf-8")
    screen = Screen(ctx.obj)
    screen.show(f"agents/{name}.md")
    answered = None if like is None else _answer(definitions.registry.find(name))
    _write_scenario(definitions.root, draft, answered, screen)
    return Exit.OK


def _answer(entry: AgentEntry) -> Json:
    """Return an answer that fits the schema of an agent's answers; None where it has none."""
    if entry.agent is None or entry.agent.output is None:
        return None
    said = (Message("system", entry.agent.instructions), Message("user", PROMPT))
    return answer(ModelRequest(model=OFFLINE, messages=said, schema=entry.agent.output)).value


def _write_scenario(root: Path, draft: Draft, answered: Json, screen: Screen) -> None:
    path = root / SCENARIOS / f"{draft.name}.yaml"
    if path.exists():
        return
    path.parent.mkdir(exist_ok=True)
    path.write_text(scenario_file(draft, answered), "utf-8")
    shown = f"{SCENARIOS}/{path.name}"
    screen.note(f"Its test is {shown}; run it with: kapell agents test {draft.name}")


def _check_name(name: str) -> None:
    if not re.fullmatch(ID_PATTERN, name):
        raise Invalid(
            f"`{name}` cannot be an agent's name.",
            code="id_broken",
            advice="Use letters, digits, `_` and `-`.",
        )


def _check_free(path: Path, shown: str) -> None:
    if path.exists():
        raise Conflict(
            f"{shown} is there already.",
            code="file_in_the_way",
            advice="Name it otherwise, or edit that file.",
        )


def _check_tools(draft: Draft, definitions: Definitions) -> None:
    for tool in draft.tools:
        if not tool.startswith(PREFIX) and not chosen(definitions.tools, [tool]):
            raise Missing(
                f"There is no tool `{tool}`.",
                code="tool_unknown",
                advice=hint(tool, definitions.tools, "Tools"),
            )


def _copied(like: str, name: str) -> str:
    if like not in agent_names():
        raise Missing(
            f"The library has no agent `{like}`.",
            code="agent_missing",
            advice=hint(like, agent_names(), "The library's agents"),
        )
    return re.sub(r"(?m)^name: .*$", f"name: {name}", agent_text(like), count=1)
