"""``kapell router``: other names of ``kapell models select`` and ``kapell models compare``."""

import typer

from kapell.cli.authoring.models import compare, select
from kapell.cli.group import InnerGroup

app = typer.Typer(
    cls=InnerGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="The same as `kapell models select` and `kapell models compare`.",
)
app.command("select")(select)
app.command("compare")(compare)
