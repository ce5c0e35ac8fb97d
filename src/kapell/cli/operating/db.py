"""``kapell db``."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from kapell.bootstrap import upkeep
from kapell.bootstrap.audit.acting import back_up
from kapell.cli.exits import Exit
from kapell.cli.group import InnerGroup
from kapell.cli.operating.findings import tell
from kapell.cli.running.arguments import AsJson
from kapell.cli.screen import Screen
from kapell.cli.session import whoami
from kapell.cli.whereabouts import root_of

app = typer.Typer(
    cls=InnerGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Upgrade, back up and check the database.",
)


@app.command()
def upgrade(ctx: typer.Context, as_json: AsJson = False) -> int:
    """Bring the database to the schema of this release; made when it is not there."""
    where = asyncio.run(upkeep.upgrade(root_of(ctx.obj)))
    screen = Screen(ctx.obj)
    if as_json:
        screen.document({"database": where, "upgraded": True})
    else:
        screen.say(f"up to date  {where}")
    return Exit.OK


@app.command()
def backup(
    ctx: typer.Context,
    to: Annotated[
        str, typer.Argument(metavar="FILE", help="Where; named by the time when left out.")
    ] = "",
    as_json: AsJson = False,
) -> int:
    """Write a copy of the database while it is in use."""
    name = to or f"kapell-{datetime.now(UTC):%Y%m%d-%H%M%S}.backup"
    screen = Screen(ctx.obj)
    if not asyncio.run(back_up(root_of(ctx.obj), Path(name), whoami())):
        screen.note("The copy is not on record: the database is one of another release.")
    if as_json:
        screen.document({"backup": name})
    else:
        screen.show(name)
    return Exit.OK


@app.command()
def restore(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FILE", help="What `db backup` wrote.")],
    as_json: AsJson = False,
) -> int:
    """Bring a backup back into a database that holds nothing."""
    asyncio.run(upkeep.restore(root_of(ctx.obj), Path(source)))
    screen = Screen(ctx.obj)
    if as_json:
        screen.document({"restored": source})
    else:
        screen.say(f"restored  {source}")
    return Exit.OK


@app.command()
def check(ctx: typer.Context, as_json: AsJson = False) -> int:
    """Look the database over: schema, logs without gaps, rows that agree with them."""
    found = asyncio.run(upkeep.check(root_of(ctx.obj)))
    return tell(Screen(ctx.obj), found, as_json=as_json)
