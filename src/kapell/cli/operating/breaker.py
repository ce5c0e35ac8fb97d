"""``kapell breaker``: whether runs may begin and agents work, and letting them again."""

from typing import Annotated

import msgspec
import typer

from kapell.bootstrap.audit.acting import close_breaker
from kapell.cli.exits import Exit
from kapell.cli.group import InnerGroup
from kapell.cli.running.arguments import AsJson
from kapell.cli.session import Session, carry_out
from kapell.services.limits.agents import AgentStanding

app = typer.Typer(
    cls=InnerGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Whether runs may begin after many were held, and agents work after many failures.",
)


@app.command("show")
def show(ctx: typer.Context, as_json: AsJson = False) -> int:
    """Show whether runs begin, how many were held within the hour, and which agents are held."""

    async def work(session: Session) -> Exit:
        limits, tenant = session.app.limits, session.app.tenant
        found = await limits.breaker.standing(tenant)
        names = [one.name for one in session.app.workspace.list_agents()]
        standings = [await limits.agents.standing(tenant, name) for name in names]
        agents = [one for one in standings if one.held or one.failed]
        if as_json:
            session.screen.document(
                {
                    **msgspec.to_builtins(found),
                    "agents": [msgspec.to_builtins(one) for one in agents],
                }
            )
            return Exit.OK
        most = "" if found.most is None else f" of {found.most}"
        session.screen.show("open: no run begins" if found.open else "closed: runs begin")
        session.screen.show(f"{found.held}{most} runs were held within this hour")
        for one in agents:
            session.screen.show(_told(one))
        return Exit.OK

    return carry_out(ctx.obj, work)


def _told(one: AgentStanding) -> str:
    runs = f"{one.failed} run{'s' if one.failed != 1 else ''} in a row"
    if one.held:
        return f"held: the agent {one.agent} has failed in {runs}"
    return f"the agent {one.agent} has failed in {runs}, and is held from {one.most} on"


@app.command("close")
def close(
    ctx: typer.Context,
    agent: Annotated[
        str | None, typer.Argument(metavar="[AGENT]", help="The agent; else runs begin again.")
    ] = None,
) -> int:
    """Let runs begin again, or an agent work again, and count anew."""

    async def work(session: Session) -> Exit:
        was_open = await close_breaker(session.app, agent)
        closed = "closed: runs begin" if agent is None else f"closed: {agent} works again"
        session.screen.show(closed if was_open else "It was closed already.")
        return Exit.OK

    return carry_out(ctx.obj, work)
