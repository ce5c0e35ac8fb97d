"""Telling runs what to do: every command goes into the run's inbox; its owner carries it out."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from kapell.cli.exits import Exit
from kapell.cli.running.arguments import AsJson, Detach, Note, Run, Yes
from kapell.cli.running.inputs import json_of
from kapell.cli.session import Session, carry_out
from kapell.cli.surroundings import Surroundings
from kapell.cli.watching.attending import Manner, attend
from kapell.kit.ids import RunId


def told(
    surroundings: Surroundings,
    ref: str,
    tell: Callable[[Session, RunId], Awaitable[None]],
    manner: Manner,
    *,
    detach: bool,
) -> Exit:
    """Tell a run something, then attend it unless other workers shall."""

    async def work(session: Session) -> Exit:
        run_id = await session.find(ref)
        await tell(session, run_id)
        if not detach:
            return await attend(session, run_id, manner, known=True)
        if manner.as_json:
            session.screen.document({"run_id": run_id, "told": True})
        else:
            session.screen.say(f"Told. Follow it with: kapell runs watch {run_id}")
        return Exit.OK

    return carry_out(surroundings, work)


def cancel(
    ctx: typer.Context,
    run: Run,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the log.")] = "",
    detach: Detach = False,
    as_json: AsJson = False,
) -> int:
    """End a run; what is finished and can be undone is undone."""

    async def tell(session: Session, run_id: RunId) -> None:
        await session.app.teller.cancel(run_id, reason)

    return told(ctx.obj, run, tell, Manner(as_json=as_json), detach=detach)


def resume(
    ctx: typer.Context,
    run: Run = "last",
    yes: Yes = False,
    detach: Detach = False,
    as_json: AsJson = False,
) -> int:
    """Go on with a run that was stopped or waits, in this process."""

    async def tell(session: Session, run_id: RunId) -> None:
        await session.app.teller.resume(run_id)

    return told(ctx.obj, run, tell, Manner(yes=yes, as_json=as_json), detach=detach)


def retry(
    ctx: typer.Context,
    run: Run,
    step: Annotated[
        str, typer.Argument(metavar="STEP", help="Path of the step run; all that failed, else.")
    ] = "",
    note: Note = "",
    yes: Yes = False,
    detach: Detach = False,
    as_json: AsJson = False,
) -> int:
    """Try again what failed."""

    async def tell(session: Session, run_id: RunId) -> None:
        await session.app.teller.retry(run_id, step, note)

    return told(ctx.obj, run, tell, Manner(yes=yes, as_json=as_json), detach=detach)


def repair(
    ctx: typer.Context,
    run: Run,
    step: Annotated[str, typer.Argument(metavar="STEP", help="Path of the failed step run.")],
    output: Annotated[str, typer.Option("--output", help="Its result, as JSON or text.")],
    note: Note = "",
    yes: Yes = False,
    detach: Detach = False,
    as_json: AsJson = False,
) -> int:
    """Give the result of a step that failed, and go on."""
    value = json_of(output, "--output")

    async def tell(session: Session, run_id: RunId) -> None:
        await session.app.teller.repair(run_id, step, value, note)

    return told(ctx.obj, run, tell, Manner(yes=yes, as_json=as_json), detach=detach)


def send_signal(
    ctx: typer.Context,
    run: Run,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The signal's name.")],
    payload: Annotated[
        str | None, typer.Option("--payload", help="What it carries, as JSON or text.")
    ] = None,
    key: Annotated[str, typer.Option("--key", help="The same key is one signal.")] = "",
    yes: Yes = False,
    detach: Detach = False,
    as_json: AsJson = False,
) -> int:
    """Send a run a signal it may wait for."""
    value = None if payload is None else json_of(payload, "--payload")

    async def tell(session: Session, run_id: RunId) -> None:
        await session.app.teller.signal(run_id, name, value, key=key)

    return told(ctx.obj, run, tell, Manner(yes=yes, as_json=as_json), detach=detach)
