"""``kapell models``."""

from typing import Annotated

import typer

from kapell.bootstrap.upkeep import ProviderState, providers
from kapell.cli.authoring.comparing import compare_models
from kapell.cli.authoring.health import show_health
from kapell.cli.authoring.selecting import show_selection
from kapell.cli.exits import Exit
from kapell.cli.group import InnerGroup
from kapell.cli.screen import Screen
from kapell.cli.whereabouts import root_of
from kapell.core.gateway.routing.route import Route

app = typer.Typer(
    cls=InnerGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Who serves models, and what this workspace calls them.",
)


@app.command("list")
def list_models(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON document.")] = False,
) -> int:
    """List providers, which key variable is set (never the key), and the workspace's routes."""
    screen = Screen(ctx.obj)
    settings, states = providers(root_of(ctx.obj))
    definitions = settings.definitions
    if as_json:
        screen.document(
            {
                "default": definitions.model,
                "routes": {name: _route(one) for name, one in definitions.routes.items()},
                "providers": [_document(one) for one in states],
            }
        )
        return Exit.OK
    rows = [("offline", "Kapell's own, without a key", "-", "ready", "")]
    rows += [
        (f"{one.prefix}:NAME", one.title, " or ".join(one.key_names), _state(one), one.base_url)
        for one in states
    ]
    screen.table(("model", "provider", "key variable", "state", "address"), rows)
    screen.show(f"\ndefault  {definitions.model}")
    for name, one in definitions.routes.items():
        screen.show(f"route    {name} -> {_shown(one)}")
    return Exit.OK


@app.command()
def health(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON document.")] = False,
) -> int:
    """Show how each deployment of a model is, and its calls of the last 60 minutes."""
    return show_health(ctx.obj, as_json=as_json)


@app.command()
def select(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A route, or a model.")],
    prompt: Annotated[
        str, typer.Option("--prompt", metavar="TEXT", help="What would be asked.")
    ] = "",
    subject: Annotated[
        str, typer.Option("--subject", metavar="WHO", help="For whom; you, unless given.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON document.")] = False,
) -> int:
    """Show whom a route would ask now, where, and why; nobody is asked and no key is shown."""
    return show_selection(ctx.obj, name, prompt, subject, as_json=as_json)


@app.command()
def compare(
    ctx: typer.Context,
    first: Annotated[str, typer.Argument(metavar="A", help="A model or a route.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The other one.")],
    workload: Annotated[
        str, typer.Option("--workload", metavar="FILE", help="One JSON object a line: a prompt.")
    ] = "",
    run: Annotated[
        str, typer.Option("--run", metavar="RUN", help="The prompts of a run: id, or `last`.")
    ] = "",
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="Only the first so many; 0 means all.")
    ] = 0,
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, help="Prompts under way at a time.")
    ] = 4,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON document.")] = False,
) -> int:
    """Ask two models or routes the same things: cost, time, and where their answers differ."""
    return compare_models(
        ctx.obj,
        (first, second),
        workload,
        run,
        limit=limit,
        concurrency=concurrency,
        as_json=as_json,
    )


def _shown(one: str | Route) -> str:
    """Return what a name means: a model, or who is asked in which order."""
    if isinstance(one, str):
        return one
    parts = [
        f"{member.of.name}{f' x{member.weight:g}' if member.weight != 1 else ''}"
        for member in one.members
    ]
    return f"{one.choose}: {', '.join(parts)}"


def _route(one: str | Route) -> object:
    if isinstance(one, str):
        return one
    return {
        "choose": one.choose,
        "deployments": [
            {
                "name": member.of.name,
                "weight": member.weight,
                **(
                    {"route": member.of.name}
                    if isinstance(member.of, Route)
                    else {"model": member.of.model, "region": member.of.region or None}
                ),
            }
            for member in one.members
        ],
    }


def _state(one: ProviderState) -> str:
    if one.key_set:
        return "key set"
    return "key not set" if one.key_needed else "needs no key"


def _document(one: ProviderState) -> dict[str, object]:
    return {
        "prefix": one.prefix,
        "title": one.title,
        "key_variables": list(one.key_names),
        "key_set": one.key_set,
        "key_needed": one.key_needed,
        "base_url": one.base_url,
        "ready": one.ready,
    }
