"""``kapell agents``."""

import re
from pathlib import Path
from typing import Annotated

import typer

from kapell.bootstrap.definitions import Definitions, open_definitions
from kapell.cli.authoring.checking import report, workspace_agents
from kapell.cli.exits import Exit
from kapell.cli.group import InnerGroup
from kapell.cli.screen import Screen
from kapell.cli.surroundings import Surroundings
from kapell.cli.whereabouts import root_of
from kapell.core.definitions.authored import ID_PATTERN
from kapell.core.definitions.nearest import hint
from kapell.kit.errors import Conflict, Invalid, Missing
from kapell.library import agent_names, agent_text

app = typer.Typer(
    cls=InnerGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="The agents of the workspace.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON document.")]
_NEW = """\
---
name: {name}
description: Say in one sentence what {name} is for.
tags: []
---
You are {name}. Say here who the agent is, what it does, and how it answers.
"""


def _definitions(surroundings: Surroundings) -> Definitions:
    return open_definitions(root_of(surroundings), Path.cwd())


@app.command("list")
def list_agents(ctx: typer.Context, as_json: AsJson = False) -> int:
    """List the agents of the workspace."""
    screen = Screen(ctx.obj)
    entries = _definitions(ctx.obj).workspace.list_agents()
    if as_json:
        screen.document(
            [
                {
                    "name": one.name,
                    "file": one.path,
                    "ok": not one.problems,
                    "description": one.agent.description if one.agent else "",
                    "model": one.agent.model if one.agent else None,
                    "tier": one.agent.tier if one.agent else None,
                    "tags": list(one.agent.tags) if one.agent else [],
                }
                for one in entries
            ]
        )
        return Exit.OK
    rows = []
    for one in entries:
        agent = one.agent
        if agent is None:
            rows.append((one.name, "", "", f"broken: kapell validate {one.path}"))
        else:
            rows.append((one.name, agent.model or "", agent.tier, agent.description))
    if rows:
        screen.table(("agent", "model", "tier", "what it is for"), rows)
    else:
        screen.note("No agents here. Make one with: kapell agents new NAME")
    return Exit.OK


@app.command("lint")
def lint(ctx: typer.Context, as_json: AsJson = False) -> int:
    """Check every agent of the workspace."""
    return report(Screen(ctx.obj), workspace_agents(_definitions(ctx.obj)), as_json=as_json)


@app.command("new")
def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, `_` and `-`.")],
    like: Annotated[
        str | None, typer.Option("--from", metavar="AGENT", help="An agent of the library.")
    ] = None,
) -> int:
    """Make an agent: a file to fill in, or a copy of one of the library's."""
    if not re.fullmatch(ID_PATTERN, name):
        raise Invalid(
            f"`{name}` cannot be an agent's name.",
            code="id_broken",
            advice="Use letters, digits, `_` and `-`.",
        )
    root = _definitions(ctx.obj).root
    path = root / "agents" / f"{name}.md"
    if path.exists():
        raise Conflict(
            f"agents/{name}.md is there already.",
            code="file_in_the_way",
            advice="Name it otherwise, or edit that file.",
        )
    text = _NEW.format(name=name) if like is None else _copied(like, name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    screen = Screen(ctx.obj)
    screen.show(f"agents/{name}.md")
    return Exit.OK


def _copied(like: str, name: str) -> str:
    if like not in agent_names():
        raise Missing(
            f"The library has no agent `{like}`.",
            code="agent_missing",
            advice=hint(like, agent_names(), "The library's agents"),
        )
    return re.sub(r"(?m)^name: .*$", f"name: {name}", agent_text(like), count=1)
