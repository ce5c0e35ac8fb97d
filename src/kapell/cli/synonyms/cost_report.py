"""``kapell cost-report``: another name of ``kapell costs``."""

import typer

from kapell.cli.insight.costs import (
    ByOption,
    RunArgument,
    RunOption,
    Since,
    one_run,
    show_costs,
)
from kapell.cli.running.arguments import AsJson

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def cost_report(
    ctx: typer.Context,
    ref: RunArgument = "",
    by: ByOption = "model",
    run: RunOption = "",
    since: Since = "",
    as_json: AsJson = False,
) -> int:
    """Show what model calls cost: the same as `kapell costs`."""
    return show_costs(ctx.obj, by, one_run(ref, run), since, as_json=as_json)
