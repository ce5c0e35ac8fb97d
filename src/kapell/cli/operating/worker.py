"""``kapell worker``."""

import asyncio
import logging
import signal
from typing import Annotated

import typer

from kapell.cli.exits import Exit
from kapell.cli.session import Session, carry_out

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def worker(
    ctx: typer.Context,
    concurrency: Annotated[
        int | None,
        typer.Option("--concurrency", min=1, metavar="N", help="Runs it advances at a time."),
    ] = None,
) -> int:
    """Advance runs until stopped; Ctrl-C or SIGTERM lets calls in flight end first."""

    async def work(session: Session) -> Exit:
        logger = logging.getLogger("kapell")
        logger.propagate = True
        logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        working = session.app.worker(concurrency)
        session.screen.note(f"Worker {working.desk.worker} advances runs; Ctrl-C stops it.")
        await working.run(stop)
        session.screen.note("Stopped; its runs were handed back.")
        return Exit.OK

    return carry_out(ctx.obj, work)
