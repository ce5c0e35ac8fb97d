"""``kapell demo``: what ``make demo`` runs."""

import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from kapell.cli.exits import Exit
from kapell.cli.screen import Screen
from kapell.cli.session import Session, carry_out
from kapell.cli.watching.attending import Manner, attend
from kapell.kit.ids import RunId
from kapell.kit.money import text as money
from kapell.library import copy_workspace
from kapell.projections.costs import costs
from kapell.projections.profile import profile

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_WORKFLOW = "support-triage"
_TICKETS = "data/tickets.csv"


@app.command()
def demo(
    ctx: typer.Context,
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Where its workspace is.")] = "demo",
) -> int:
    """Run a real workflow: 60 tickets sorted, urgent ones answered; offline, without a key."""
    screen = Screen(ctx.obj)
    target = Path(folder).absolute()
    copied = copy_workspace(target)
    made = "made now" if copied.written else "as it was"
    screen.say(f"A workspace in {folder}/ ({made}): agents, workflows, 60 support tickets.")
    screen.say("The offline model answers: no key, no network, no cost.")
    screen.say("Each reply asks a person for its release; the demo answers yes for you.\n")

    async def work(session: Session) -> Exit:
        started = await session.app.starter.start(
            _WORKFLOW, {"tickets": str(target / _TICKETS)}, model="offline"
        )
        code = await attend(session, started.run_id, Manner(yes=True))
        if code is Exit.OK:
            await _tell(session, started.run_id)
            _next(screen, folder, started.run_id)
        return code

    return carry_out(replace(ctx.obj, folder=target), work)


async def _tell(session: Session, run_id: RunId) -> None:
    """Write what the run cost by step, and which step was slowest."""
    history = await session.app.histories.events(run_id)
    view = costs(history)
    rows = [
        (one.group, str(one.calls), f"{one.tokens:,}", money(one.usd))
        for one in view.groups("step")
    ]
    session.screen.say()
    session.screen.table(("step", "calls", "tokens", "cost"), rows, right=(1, 2, 3))
    slowest = profile(history).slowest
    if slowest is not None:
        session.screen.say(f"\nslowest step: {slowest.step} ({slowest.busy:.2f} s at work)")


def _next(screen: Screen, folder: str, run_id: RunId) -> None:
    commands = (
        ("kapell runs list", "every run, newest first"),
        ("kapell runs show last", "its steps, items, time and cost"),
        ("kapell runs events last", "everything that happened, in order"),
        ("kapell runs show last --trace", "the same as a trace"),
        ("kapell runs fork last --at replies", "again from there; now it really asks you"),
        ("kapell runs resume last", "go on with it after Ctrl-C, or with answers given"),
        (f"kapell runs compare {run_id} last", "the two beside each other"),
        ("kapell costs --by step", "what everything here cost"),
    )
    width = max(len(command) for command, _ in commands)
    screen.say(f"\nThe replies are in {folder}/.kapell/runs/{run_id}/outbox.")
    screen.say(f"Go on from here:\n\n  cd {folder}")
    beside = Path(sys.executable).parent
    if shutil.which("kapell") is None and (beside / "kapell").exists():
        # A fresh clone has the command in its own environment only.
        screen.say(f"  export PATH={shlex.quote(str(beside))}:$PATH")
    for command, what in commands:
        screen.say(f"  {command:<{width}}  # {what}")
