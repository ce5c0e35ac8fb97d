"""``kapell init``."""

from pathlib import Path
from typing import Annotated

import typer

from kapell.cli.exits import Exit
from kapell.cli.screen import Screen
from kapell.kit.errors import Conflict
from kapell.library import copy_workspace

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def init(
    ctx: typer.Context,
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Where; here when left out.")] = ".",
    replace: Annotated[
        bool, typer.Option("--replace", help="Write files anew that are there already.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON document.")] = False,
) -> int:
    """Make a workspace: settings, agents and workflows that run at once on the offline model."""
    screen = Screen(ctx.obj)
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise Conflict(
            f"`{folder}` is a file.", code="file_in_the_way", advice="Name another folder."
        )
    copied = copy_workspace(target, replace=replace)
    if as_json:
        screen.document({"workspace": str(target.resolve()), **copied._asdict()})
        return Exit.OK
    for name in copied.written:
        screen.say(f"  wrote  {name}")
    for name in copied.kept:
        screen.say(f"  kept   {name}")
    where = "" if folder == "." else f"  cd {folder}\n"
    screen.say(
        f"\nThe workspace is ready. Next:\n\n{where}"
        "  kapell run support-triage --input tickets=data/tickets.csv\n"
    )
    return Exit.OK
