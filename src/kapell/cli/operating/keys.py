"""``kapell keys``: a key goes in and is never shown again."""

import getpass
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from kapell.bootstrap.keeping import init_master
from kapell.cli.exits import Exit
from kapell.cli.group import InnerGroup
from kapell.cli.running.arguments import AsJson
from kapell.cli.screen import Screen
from kapell.cli.session import Session, carry_out
from kapell.cli.whereabouts import root_of
from kapell.kit.errors import Missing

app = typer.Typer(
    cls=InnerGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Keys of providers and tools, sealed in the database; none is ever shown.",
)

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Its name, as in the environment: OPENAI_API_KEY.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the record.")]


@app.command("init")
def make_master(ctx: typer.Context) -> int:
    """Make the master key of this workspace, in a file that only its owner may read."""
    path = init_master(root_of(ctx.obj))
    Screen(ctx.obj).show(f"{path} holds the master key: back it up apart from the database.")
    return Exit.OK


@app.command("set")
def set_key(ctx: typer.Context, name: Name, reason: Reason = "") -> int:
    """Keep a key, read from standard input; one of that name before it stays as a version."""
    key = _asked(name)

    async def work(session: Session) -> Exit:
        version = await session.app.vault.set(name, key, reason)
        session.screen.show(f"{name} is kept, version {version}.")
        return Exit.OK

    return carry_out(ctx.obj, work)


@app.command("list")
def list_keys(ctx: typer.Context, as_json: AsJson = False) -> int:
    """List what keys there are: names, versions and whether they can be opened here."""

    async def work(session: Session) -> Exit:
        found = await session.app.vault.infos()
        if as_json:
            session.screen.document(
                [
                    {
                        "name": one.name,
                        "version": one.version,
                        "versions": one.versions,
                        "set_at": one.created_at,
                        "sealed": one.sealed,
                        "readable": one.readable,
                    }
                    for one in found
                ]
            )
        elif not found:
            session.screen.note("The vault is empty. `kapell keys set NAME` keeps a key.")
        else:
            rows = [
                (
                    one.name,
                    str(one.version),
                    _day(one.created_at),
                    "sealed" if one.sealed else "NOT SEALED",
                    "" if one.readable else "its master key is not here",
                )
                for one in found
            ]
            session.screen.table(("name", "version", "set", "seal", ""), rows, right=(1,))
        return Exit.OK

    return carry_out(ctx.obj, work)


@app.command("rotate")
def rotate(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="The key that gets a new value.")
    ] = "",
    reason: Reason = "",
) -> int:
    """Put a new value in a key's place; without NAME, seal all with the master key of now."""
    key = _asked(name) if name else ""

    async def work(session: Session) -> Exit:
        vault = session.app.vault
        if not name:
            count = await vault.reseal()
            session.screen.show(f"{count} sealed anew.")
            return Exit.OK
        if all(one.name != name for one in await vault.infos()):
            raise Missing(
                f"The vault has no key {name!r}.",
                code="key_unknown",
                advice=f"Keep it first with `kapell keys set {name}`.",
            )
        version = await vault.set(name, key, reason or "rotated")
        session.screen.show(f"{name} is kept, version {version}.")
        return Exit.OK

    return carry_out(ctx.obj, work)


@app.command("remove")
def remove(ctx: typer.Context, name: Name, reason: Reason = "") -> int:
    """Forget a key with all its versions; the record of its uses stays."""

    async def work(session: Session) -> Exit:
        await session.app.vault.remove(name, reason)
        session.screen.show(f"{name} is forgotten.")
        return Exit.OK

    return carry_out(ctx.obj, work)


@app.command("audit")
def audit(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> int:
    """Show who used which key, when and why."""

    async def work(session: Session) -> Exit:
        found = await session.app.vault.uses(limit)
        if as_json:
            session.screen.document(
                [
                    {
                        "at": one.at,
                        "name": one.name,
                        "version": one.version,
                        "action": one.action,
                        "actor": one.actor,
                        "reason": one.reason,
                    }
                    for one in found
                ]
            )
        elif not found:
            session.screen.note("No key was ever used.")
        else:
            rows = [
                (_moment(one.at), one.action, one.name, str(one.version), one.actor, one.reason)
                for one in found
            ]
            heads = ("when (UTC)", "what", "name", "version", "who", "why")
            session.screen.table(heads, rows, right=(3,))
        return Exit.OK

    return carry_out(ctx.obj, work)


def _asked(name: str) -> str:
    """Return a key from standard input, typed unseen at a terminal."""
    if sys.stdin.isatty():
        return getpass.getpass(f"{name}: ")
    return sys.stdin.read()


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"
