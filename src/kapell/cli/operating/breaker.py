"""``kapell breaker``: whether runs may begin, and letting them again."""

from typing import Annotated

import msgspec
import typer

from kapell.bootstrap.audit.acting import close_breaker
from kapell.cli.exits import Exit
from kapell.cli.group import InnerGroup
from kapell.cli.session import Session, carry_out

app = typer.Typer(
    cls=InnerGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Whether runs may begin, after many were held.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON document.")]


@app.command("show")
def show(ctx: typer.Context, as_json: AsJson = False) -> int:
    """Show whether it is open, and how many runs were held within the hour."""

    async def work(session: Session) -> Exit:
        found = await session.app.limits.breaker.standing(session.app.tenant)
        if as_json:
            session.screen.document(msgspec.to_builtins(found))
            return Exit.OK
        most = "" if found.most is None else f" of {found.most}"
        session.screen.show("open: no run begins" if found.open else "closed: runs begin")
        session.screen.show(f"{found.held}{most} runs were held within this hour")
        return Exit.OK

    return carry_out(ctx.obj, work)


@app.command("close")
def close(ctx: typer.Context) -> int:
    """Let runs begin again, and count anew."""

    async def work(session: Session) -> Exit:
        was_open = await close_breaker(session.app)
        session.screen.show("closed: runs begin" if was_open else "It was closed already.")
        return Exit.OK

    return carry_out(ctx.obj, work)
