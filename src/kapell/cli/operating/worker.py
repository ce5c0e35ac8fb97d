"""``kapell worker``."""

import asyncio
import logging
import signal
from typing import Annotated

import typer

from kapell.bootstrap.serving import settle_memory
from kapell.cli.exits import Exit
from kapell.cli.session import Session, carry_out
from kapell.cli.watching.logs import tell_logs

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def worker(
    ctx: typer.Context,
    concurrency: Annotated[
        int | None,
        typer.Option("--concurrency", min=1, metavar="N", help="Runs it advances at a time."),
    ] = None,
) -> int:
    """Advance runs until stopped; Ctrl-C or SIGTERM lets calls in flight end, a second one not."""

    async def work(session: Session) -> Exit:
        logger = logging.getLogger("kapell")
        logger.propagate = True
        tell_logs()
        stop, task, loop = asyncio.Event(), asyncio.current_task(), asyncio.get_running_loop()

        def ask() -> None:
            if stop.is_set() and task is not None:
                task.cancel()
                return
            stop.set()
            session.screen.note("Stopping when calls in flight end; again stops at once.")

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ask)
        working = session.app.worker(concurrency)
        settle_memory()
        session.screen.note(f"Worker {working.desk.worker} advances runs; Ctrl-C stops it.")
        await working.run(stop)
        session.screen.note("Stopped; its runs were handed back.")
        return Exit.OK

    return carry_out(ctx.obj, work)
