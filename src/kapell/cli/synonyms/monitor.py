"""``kapell monitor --execution-id RUN``: another name of ``kapell runs watch``."""

from typing import Annotated

import typer

from kapell.cli.running.arguments import AsJson
from kapell.cli.running.listing import follow

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def monitor(
    ctx: typer.Context,
    run: Annotated[str, typer.Option("--execution-id", metavar="RUN", help="The run.")] = "last",
    as_json: AsJson = False,
) -> int:
    """Follow a run: the same as `kapell runs watch RUN`."""
    return follow(ctx.obj, run, as_json=as_json)
