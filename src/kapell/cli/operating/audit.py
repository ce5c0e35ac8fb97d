"""``kapell audit``: who did what, and whether the record of it is as it was written."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from kapell.bootstrap.audit.acting import export_record, read_record
from kapell.cli.exits import Exit
from kapell.cli.group import InnerGroup
from kapell.cli.operating.reporting import report
from kapell.cli.operating.unfound import LOOKED_AT, unfound
from kapell.cli.running.arguments import AsJson
from kapell.cli.screen import Screen
from kapell.cli.session import Session, carry_out
from kapell.core.audit.lines import line_of, text_of
from kapell.core.audit.record import Entry
from kapell.kit.clock import instant, instant_text
from kapell.kit.errors import Invalid, Missing
from kapell.services.audit.ports import Wanted
from kapell.services.audit.verifying import Verified, verify_lines

app = typer.Typer(
    cls=InnerGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="The record of who did what, chained so that a change of it shows.",
)

Since = Annotated[
    str, typer.Option("--since", metavar="WHEN", help="Only what was done since, such as a date.")
]
_EXPECTED = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{8,64})")


@app.command()
def verify(
    ctx: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="What `audit export` wrote; else the database.")
    ] = "",
    expect: Annotated[
        str,
        typer.Option(
            "--expect", metavar="NUMBER:HASH", help="A head that an earlier verification told."
        ),
    ] = "",
    as_json: AsJson = False,
) -> int:
    """Hold the record against its chain, the log, and the anchor beside the database."""
    expected = _expected(expect)
    if file:
        return _told(Screen(ctx.obj), verify_lines(_lines(Path(file)), expected), as_json=as_json)

    async def work(session: Session) -> Exit:
        found = await session.app.audit.verifier.verify(expected)
        return _told(session.screen, found, as_json=as_json)

    return carry_out(ctx.obj, work)


@app.command()
def show(
    ctx: typer.Context,
    run: Annotated[str, typer.Option("--run", metavar="RUN", help="Only what a run did.")] = "",
    actor: Annotated[
        str, typer.Option("--actor", help="Only what one did, and their runs: user:anna.")
    ] = "",
    action: Annotated[
        str, typer.Option("--action", help="Only such acts: tool, guard.verdict, key.read.")
    ] = "",
    verdict: Annotated[str, typer.Option("--verdict", help="Only those: block, deny, ask.")] = "",
    since: Since = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many.")] = 50,
    as_json: AsJson = False,
) -> int:
    """Show the last entries, newest first: when, who, what, and the verdict."""

    async def work(session: Session) -> Exit:
        wanted = Wanted(
            run_id=await session.find(run) if run else "",
            actor=actor,
            action=action,
            verdict=verdict,
            since=instant(since) if since else None,
            newest=True,
            limit=limit,
        )
        found, last = await read_record(session.app, wanted, LOOKED_AT)
        if not found:
            for line in unfound(wanted, last):
                session.screen.note(line)
        if as_json:
            session.screen.document([line_of(one) for one in found])
        elif found:
            heads = ("#", "when (UTC)", "who", "what", "to what", "verdict", "where", "run")
            session.screen.table(heads, [_row(one) for one in found], right=(0,))
        return Exit.OK

    return carry_out(ctx.obj, work)


@app.command()
def export(
    ctx: typer.Context,
    after: Annotated[
        int, typer.Option("--after", min=0, metavar="NUMBER", help="Only entries after this one.")
    ] = 0,
) -> int:
    """Write all entries, one JSON object a line, oldest first."""

    async def work(session: Session) -> Exit:
        async for entry in export_record(session.app, after):
            session.screen.show(text_of(entry))
        return Exit.OK

    return carry_out(ctx.obj, work)


app.command()(report)


@app.command()
def anchor(
    ctx: typer.Context,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.")],
    as_json: AsJson = False,
) -> int:
    """Accept the record as it is, and anchor its head; that you did is an entry of it."""
    if not reason.strip():
        raise Invalid(
            "No reason is given; the record keeps why it was accepted.",
            code="reason_missing",
            advice="Write --reason TEXT.",
        )

    async def work(session: Session) -> Exit:
        head = await session.app.audit.auditor.accept(reason)
        if as_json:
            session.screen.document({"number": head.seq, "hash": head.hash})
        else:
            session.screen.show(f"{head.seq}:{head.hash}")
        return Exit.OK

    return carry_out(ctx.obj, work)


def _told(screen: Screen, found: Verified, *, as_json: bool) -> Exit:
    """Write what verification found; a fault makes the command fail."""
    head = f"{found.head.seq}:{found.head.hash}"
    if as_json:
        screen.document(
            {
                "ok": not found.faults,
                "entries": found.entries,
                "events": found.events,
                "head": head,
                "faults": [
                    {
                        "code": one.code,
                        "entry": one.seq,
                        "run": one.run_id,
                        "message": one.message,
                        "advice": one.advice,
                    }
                    for one in found.faults
                ],
            }
        )
        return Exit.FAILED if found.faults else Exit.OK
    for one in found.faults:
        screen.show(f"{screen.styled('FAIL', 'red', 'bold')}  {one.code}  {one.message}")
        screen.show(f"      {one.advice}")
    if found.faults:
        faults = len(found.faults)
        screen.complain(f"{faults} fault{'s'[: faults != 1]} in {found.entries} entries")
        return Exit.FAILED
    sign = screen.styled("ok", "green")
    screen.show(f"{sign}  {found.entries} entries, {found.events} events, head {head}")
    return Exit.OK


def _row(entry: Entry) -> tuple[str, ...]:
    act = entry.act
    who = act.subject if act.actor.startswith("worker:") and act.subject else act.actor
    return (
        str(entry.seq), instant_text(act.at)[:19].replace("T", " "), who, act.action,
        act.target, act.verdict, act.whence, act.run_id[-8:],
    )  # fmt: skip


def _expected(text: str) -> tuple[int, str] | None:
    if not text:
        return None
    found = _EXPECTED.fullmatch(text)
    if found is None:
        raise Invalid(
            f"`{text}` is not the head of an audit record.",
            code="audit_head_broken",
            advice="Write NUMBER:HASH as `kapell audit verify` shows it; the first 8 digits of the "
            "hash are enough.",
        )
    return int(found[1]), found[2]


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from (line for line in file if line.strip())
    except OSError as error:
        raise Missing(
            f"{path} cannot be read: {error.strerror}.",
            code="audit_file_unknown",
            advice="Name a file that `kapell audit export` wrote.",
        ) from error
