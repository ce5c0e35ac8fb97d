"""``kapell agents``: list, lint and route; making and testing stand in modules of their own."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from kapell.bootstrap.definitions import Definitions, open_definitions
from kapell.cli.authoring.checking import Checked, report
from kapell.cli.authoring.making import new
from kapell.cli.authoring.trying import test
from kapell.cli.exits import Exit
from kapell.cli.group import InnerGroup
from kapell.cli.running.arguments import AsJson
from kapell.cli.screen import Screen
from kapell.cli.surroundings import Surroundings
from kapell.cli.whereabouts import root_of
from kapell.core.definitions.nearest import hint
from kapell.kit.errors import Missing
from kapell.services.agents.registry import AgentRegistry, Wanted
from kapell.services.workflows.agents import AgentEntry

app = typer.Typer(
    cls=InnerGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="The agents of the workspace.",
)

Tier = Literal["orchestrator", "specialist", "worker"]


def _definitions(surroundings: Surroundings) -> Definitions:
    return open_definitions(root_of(surroundings), Path.cwd())


@app.command("list")
def list_agents(
    ctx: typer.Context,
    tag: Annotated[
        str | None, typer.Option("--tag", metavar="T", help="Only with this tag.")
    ] = None,
    tier: Annotated[Tier | None, typer.Option("--tier", help="Only of this tier.")] = None,
    capability: Annotated[
        str | None, typer.Option("--capability", metavar="C", help="Only with this capability.")
    ] = None,
    library: Annotated[
        bool, typer.Option("--library", help="The library's too, which need no copy.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """List the agents of the workspace."""
    screen = Screen(ctx.obj)
    wanted = Wanted(tag=tag, tier=tier, capability=capability)
    registry = _definitions(ctx.obj).registry
    entries = registry.entries(wanted, library=library)
    if as_json:
        screen.document([_document(one, registry.kept(one)) for one in entries])
        return Exit.OK
    rows = []
    for one in entries:
        agent = one.agent
        if agent is None:
            kept = registry.kept(one)
            used = f"; runs use its version of {kept}" if kept else ""
            rows.append((one.name, "", "", f"broken: kapell validate {one.path}{used}"))
        else:
            rows.append((one.name, agent.model or "", agent.tier, agent.description))
    if rows:
        screen.table(("agent", "model", "tier", "what it is for"), rows)
    elif wanted.anything:
        screen.note("No agents here. Make one with: kapell agents new NAME")
    else:
        screen.note("No agent is so. See them all with: kapell agents list --library")
    return Exit.OK


def _document(one: AgentEntry, kept: str) -> dict[str, object]:
    agent = one.agent
    return {
        "name": one.name,
        "file": one.path,
        "ok": not one.problems,
        "library": one.library,
        "kept": kept or None,
        "description": agent.description if agent else "",
        "model": agent.model if agent else None,
        "tier": agent.tier if agent else None,
        "tags": list(agent.tags) if agent else [],
        "capabilities": list(agent.capabilities) if agent else [],
        "tools": None if agent is None or agent.tools is None else list(agent.tools),
    }


@app.command("lint")
def lint(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME|FILE]...", help="Agents; all if left out.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings are errors.")] = False,
    library: Annotated[bool, typer.Option("--library", help="The library's agents too.")] = False,
    as_json: AsJson = False,
) -> int:
    """Check every agent of the workspace, its prompt, tools and schema; and every skill."""
    registry = _definitions(ctx.obj).registry
    found = []
    known = registry.names()
    for entry in _chosen(registry, names or [], library=library):
        linted = registry.linted(entry, known)
        checked = Checked(linted.path, "agent", linted.name)
        checked.errors, checked.warnings = linted.problems, linted.warnings
        if strict:
            checked.errors, checked.warnings = (*linted.problems, *linted.warnings), ()
        found.append(checked)
    for skill in () if names else registry.skills():
        checked = Checked(skill.path, "skill", skill.name)
        checked.errors, checked.warnings = skill.problems, skill.warnings
        if strict:
            checked.errors, checked.warnings = (*skill.problems, *skill.warnings), ()
        found.append(checked)
    return report(Screen(ctx.obj), found, as_json=as_json)


def _chosen(registry: AgentRegistry, names: list[str], *, library: bool) -> tuple[AgentEntry, ...]:
    entries = registry.entries(library=library or bool(names))
    if not names:
        return entries
    chosen = []
    for name in names:
        fitting = [one for one in entries if name in (one.name, one.path)]
        if not fitting:
            raise Missing(
                f"There is no agent `{name}`.",
                code="agent_missing",
                advice=hint(name, [one.name for one in entries], "Agents"),
            )
        chosen += fitting
    return tuple(chosen)


@app.command("skills")
def skills(ctx: typer.Context, as_json: AsJson = False) -> int:
    """List the skills of the workspace, which agents read when they need them."""
    screen = Screen(ctx.obj)
    entries = _definitions(ctx.obj).registry.skills()
    if as_json:
        screen.document(
            [
                {
                    "name": one.name,
                    "file": one.path,
                    "ok": not one.problems,
                    "description": one.skill.description if one.skill else "",
                    "files": list(one.skill.files) if one.skill else [],
                }
                for one in entries
            ]
        )
        return Exit.OK
    rows = [
        (one.name, one.skill.description if one.skill else "broken: kapell agents lint")
        for one in entries
    ]
    if rows:
        screen.table(("skill", "what it is for"), rows)
    else:
        screen.note("No skills here: they are files skills/NAME/SKILL.md.")
    return Exit.OK


@app.command("route")
def route(
    ctx: typer.Context,
    task: Annotated[str, typer.Argument(metavar="TASK", help="What is to be done, in words.")],
    as_json: AsJson = False,
) -> int:
    """Say which agent a task is for, by its words alone, and why."""
    screen = Screen(ctx.obj)
    choice = _definitions(ctx.obj).registry.route(task)
    if as_json:
        screen.document(
            {
                "agent": choice.agent,
                "certain": choice.certain,
                "why": choice.why,
                "candidates": [
                    {
                        "agent": one.agent,
                        "score": one.score,
                        "words": [
                            {"word": reason.word, "where": reason.where, "weight": reason.weight}
                            for reason in one.reasons
                        ],
                    }
                    for one in choice.candidates
                ],
            }
        )
        return Exit.OK
    screen.show(choice.agent)
    screen.note(f"{'Chosen' if choice.certain else 'Fallen back to'}: {choice.why}.")
    for one in choice.candidates[1:4]:
        words = ", ".join(reason.word for reason in one.reasons[:4])
        screen.note(f"Behind it: {one.agent} ({one.score:g}; {words})")
    return Exit.OK


app.command("new")(new)
app.command("test")(test)
