"""Runs as files: out of one store, into another."""

import json
from pathlib import Path
from typing import Annotated

import typer

from kapell.bootstrap.audit.acting import export_run, import_run
from kapell.cli.exits import Exit
from kapell.cli.output import answers
from kapell.cli.running.arguments import AsJson, Run
from kapell.cli.session import Session, carry_out
from kapell.kit.errors import Conflict, Invalid, Missing
from kapell.projections.traces.spans import otlp, trace


def export(
    ctx: typer.Context,
    run: Run = "last",
    to: Annotated[
        str, typer.Option("--to", metavar="FILE", help="Where; `-` is standard output.")
    ] = "",
    as_otlp: Annotated[
        bool, typer.Option("--otlp", help="Its trace, as OpenTelemetry's JSON.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over a file that is there.")
    ] = False,
) -> int:
    """Write a run as one file: version, log and values; `runs import` reads it anywhere."""

    async def work(session: Session) -> tuple[str, bytes]:
        run_id = await session.find(run)
        if not as_otlp:
            return run_id, await export_run(session.app, run_id)
        document = otlp(trace(await session.app.histories.events(run_id)))
        return run_id, json.dumps(document).encode() + b"\n"

    run_id, data = carry_out(ctx.obj, work)
    name = to or f"{run_id}.{'otlp.json' if as_otlp else 'kapell'}"
    if name == "-":
        answers().buffer.write(data)
        return Exit.OK
    path = Path(name)
    if path.is_dir():
        raise Invalid(
            f"`{name}` is a folder.",
            code="file_unusable",
            advice="Name a file in it with --to.",
        )
    if not path.parent.is_dir():
        raise Missing(
            f"There is no folder `{path.parent}` to write into.",
            code="folder_missing",
            advice="Make it first, or name a file in another folder with --to.",
        )
    if path.exists() and not replace:
        raise Conflict(
            f"`{name}` is there already.",
            code="file_in_the_way",
            advice="Name another file with --to, or give --replace.",
        )
    path.write_bytes(data)
    answers().write(f"{name}\n")
    return Exit.OK


def load(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `runs export` wrote.")],
    as_json: AsJson = False,
) -> int:
    """Take in an exported run under its own id; it goes on where it was."""
    data = Path(file).read_bytes()

    async def work(session: Session) -> Exit:
        run_id = await import_run(session.app, data)
        if as_json:
            session.screen.document({"run_id": run_id})
        else:
            session.screen.show(run_id)
        return Exit.OK

    return carry_out(ctx.obj, work)
