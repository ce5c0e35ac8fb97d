"""``kapell models``."""

from typing import Annotated

import typer

from kapell.bootstrap.upkeep import ProviderState, providers
from kapell.cli.exits import Exit
from kapell.cli.group import InnerGroup
from kapell.cli.screen import Screen
from kapell.cli.whereabouts import root_of

app = typer.Typer(
    cls=InnerGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Who serves models, and what this workspace calls them.",
)


@app.callback()
def _group() -> None:
    """Make `list` a command of its own, though it is the only one."""


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
                "routes": dict(definitions.routes),
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
    for name, model in definitions.routes.items():
        screen.show(f"route    {name} -> {model}")
    return Exit.OK


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
