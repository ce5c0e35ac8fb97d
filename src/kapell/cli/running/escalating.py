"""``kapell runs escalations`` and ``kapell runs resolve``: what the breaker holds."""

import time
from typing import Annotated

import typer

from kapell.cli.exits import Exit
from kapell.cli.running.arguments import AsJson, Detach, Note, Run, Yes
from kapell.cli.running.inputs import json_of
from kapell.cli.running.steering import told
from kapell.cli.session import Session, carry_out
from kapell.cli.watching.attending import Manner
from kapell.cli.watching.documents import dead_document
from kapell.kit.clock import span_text
from kapell.kit.errors import Invalid
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.runs.escalating import Way


def escalations(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="Only those of one run.")] = "",
    as_json: AsJson = False,
) -> int:
    """List runs that the breaker holds, oldest first, and why."""

    async def work(session: Session) -> Exit:
        rows = await session.app.resolver.held(await session.find(run) if run else None)
        screen = session.screen
        if as_json:
            screen.document([dead_document(row) for row in rows])
            return Exit.OK
        now = time.time()
        for row in rows:
            screen.show(f"{row.workflow} {row.run_id}  {row.path or '(the whole run)'}")
            screen.show(f"  held {span_text(max(0.0, now - row.at))} ago: {row.message}")
            path = f" '{row.path}'" if row.path else ""
            screen.show(f"  kapell runs resolve {row.run_id}{path} --resume\n")
        if not rows:
            screen.note("No run is held.")
        return Exit.OK

    return carry_out(ctx.obj, work)


def resolve(
    ctx: typer.Context,
    run: Run,
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="What of it is held; all there is, else.")
    ] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on as it was.")] = False,
    give: Annotated[
        str | None,
        typer.Option("--give", help="Go on with this prompt, or these arguments as JSON."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", help="Go on with this result, as JSON or text.")
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="End the run.")] = False,
    note: Note = "",
    yes: Yes = False,
    detach: Detach = False,
    as_json: AsJson = False,
) -> int:
    """Say what becomes of a run that is held: the first who does decides."""
    way, value = _way(resume, give, output, end)

    async def tell(session: Session, run_id: RunId) -> None:
        await session.app.resolver.resolve(run_id, way, path or None, value=value, note=note)

    return told(ctx.obj, run, tell, Manner(yes=yes, as_json=as_json), detach=detach)


def _way(resume: bool, give: str | None, output: str | None, end: bool) -> tuple[Way, Json]:
    ways: list[tuple[Way, Json]] = []
    if resume:
        ways.append(("resume", None))
    if give is not None:
        ways.append(("give", json_of(give, "--give")))
    if output is not None:
        ways.append(("output", json_of(output, "--output")))
    if end:
        ways.append(("end", None))
    if len(ways) != 1:
        raise Invalid(
            "Say in exactly one way what becomes of the run.",
            code="answer_missing",
            advice="Give one of --resume, --give, --output and --end.",
        )
    return ways[0]
