"""``kapell profile-report``: another name of ``kapell profile``."""

import typer

from kapell.cli.insight.profile import Run, show_profile
from kapell.cli.running.arguments import AsJson

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def profile_report(ctx: typer.Context, run: Run = "last", as_json: AsJson = False) -> int:
    """Show where the time of a run went: the same as `kapell profile`."""
    return show_profile(ctx.obj, run, as_json=as_json)
