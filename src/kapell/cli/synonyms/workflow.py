"""``kapell workflow --file F --params k=v``: another name of ``kapell run``."""

from typing import Annotated

import typer

from kapell.cli.running.inputs import inputs_of
from kapell.cli.running.run import AsJson, Detach, Inputs, Params, Yes, begin
from kapell.cli.watching.attending import Manner

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def workflow(
    ctx: typer.Context,
    file: Annotated[str, typer.Option("--file", metavar="F", help="The workflow.")],
    params: Params = None,
    given: Inputs = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="M", help="provider:name.")
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
    detach: Detach = False,
) -> int:
    """Run a workflow: the same as `kapell run F --params k=v`."""
    return begin(
        ctx.obj,
        file,
        inputs_of(given or (), params or ()),
        Manner(yes=yes, as_json=as_json),
        model=model,
        detach=detach,
    )
