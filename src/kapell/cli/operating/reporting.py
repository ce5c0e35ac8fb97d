"""``kapell audit report``: what an auditor reads, control by control."""

import json
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from kapell.bootstrap.audit.acting import report_record
from kapell.cli.exits import Exit
from kapell.cli.session import Session, carry_out
from kapell.core.audit.compliance.page import page_of
from kapell.core.audit.compliance.report import Period
from kapell.kit.clock import instant
from kapell.kit.errors import Denied, Invalid


def report(
    ctx: typer.Context,
    since: Annotated[
        str, typer.Option("--since", metavar="WHEN", help="Count what was done since then.")
    ] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="WHEN", help="Count what was done before then.")
    ] = "",
    out: Annotated[
        str, typer.Option("--out", metavar="FILE", help="Write it there, not to the screen.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON document.")] = False,
) -> int:
    """Report on NIST's AI RMF: each control with code, tests, and what this record shows.

    It says whether the record is as it was written; where it is not, the command ends with 1.
    """
    period = _period(since, until)

    async def work(session: Session) -> Exit:
        found = await report_record(session.app, period)
        if as_json:
            text = json.dumps(msgspec.to_builtins(found), indent=2, ensure_ascii=False) + "\n"
        else:
            text = page_of(found)
        if out:
            _write(Path(out), text)
            session.screen.note(f"The report is in {out}.")
        else:
            session.screen.show(text.rstrip("\n"))
        if found.proof.verified:
            return Exit.OK
        session.screen.complain(
            "The record is not as it was written: `kapell audit verify` says where."
        )
        return Exit.FAILED

    return carry_out(ctx.obj, work)


def _period(since: str, until: str) -> Period:
    period = Period(
        since=instant(since) if since else None, until=instant(until) if until else None
    )
    if period.since is not None and period.until is not None and period.until <= period.since:
        raise Invalid(
            "The time of the report ends before it begins.",
            code="report_period",
            advice="Give --since a time before that of --until.",
        )
    return period


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise Denied(
            f"The report cannot be written to {path}: {error.strerror}.",
            code="report_unwritable",
            advice="Name a file in a folder that is there and that you may write to.",
        ) from error
