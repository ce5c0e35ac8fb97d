"""``kapell doctor``."""

import asyncio
from typing import Annotated

import typer

from kapell.bootstrap.upkeep import examine
from kapell.cli.operating.findings import tell
from kapell.cli.screen import Screen
from kapell.cli.whereabouts import root_of

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def doctor(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON document.")] = False,
) -> int:
    """Check every component, and say how to mend what is not well."""
    found = asyncio.run(examine(root_of(ctx.obj)))
    return tell(Screen(ctx.obj), found, as_json=as_json)
