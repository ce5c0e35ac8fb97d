"""``kapell validate``."""

from typing import Annotated

import typer

from kapell.cli.authoring.checking import check

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def validate(
    ctx: typer.Context,
    files: Annotated[
        list[str] | None,
        typer.Argument(help="Workflows, agents or kapell.yaml; all when left out."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON document.")] = False,
) -> int:
    """Check workflows, agents and settings; every error is told, with its place."""
    return check(ctx.obj, files or (), as_json=as_json)
