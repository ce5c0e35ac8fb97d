"""``kapell status [RUN]``: another name of ``kapell runs show`` and ``kapell runs list``."""

from typing import Annotated

import typer

from kapell.cli.running.arguments import AsJson
from kapell.cli.running.listing import show_list, show_run

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def status(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="One run; all when left out.")] = "",
    as_json: AsJson = False,
) -> int:
    """Show how runs stand: all, newest first, or one."""
    if run:
        return show_run(ctx.obj, run, as_json=as_json)
    return show_list(ctx.obj, None, None, 20, as_json=as_json)
