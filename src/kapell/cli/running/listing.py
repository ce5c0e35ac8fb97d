"""Looking at runs: lists, one run whole, its events, and following it."""

import time
from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer

from kapell.cli.exits import Exit
from kapell.cli.running.arguments import AsJson, Run
from kapell.cli.running.dead_letters import show_dead
from kapell.cli.screen import Screen
from kapell.cli.session import Session, carry_out
from kapell.cli.surroundings import Surroundings
from kapell.cli.watching.attending import Manner, stands_still, watch
from kapell.cli.watching.documents import (
    event_document,
    run_document,
    shortened,
    summary_document,
)
from kapell.cli.watching.ending import exit_of, show_tree, state_of, tell_end
from kapell.cli.watching.following import Follower, whole
from kapell.cli.watching.plain import text_of
from kapell.core.definitions.nearest import hint
from kapell.core.events.envelope import Event
from kapell.core.runs.status import RunStatus
from kapell.kit.clock import instant_text, span_text
from kapell.kit.errors import Invalid
from kapell.kit.money import text as money
from kapell.projections.timeline import line_of
from kapell.projections.traces.spans import TraceView, trace
from kapell.projections.traces.telemetry import telemetry
from kapell.projections.tree import RunView
from kapell.services.runs.ports import RunSummary


def list_runs(
    ctx: typer.Context,
    status: Annotated[
        str | None, typer.Option("--status", help="Only those in this state.")
    ] = None,
    workflow: Annotated[
        str | None, typer.Option("--workflow", help="Only those of this workflow.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 20,
    before: Annotated[
        str, typer.Option("--before", metavar="RUN", help="Only those older than this one.")
    ] = "",
    dead: Annotated[
        bool, typer.Option("--dead", help="List dead letters: what waits to be mended, and why.")
    ] = False,
    run: Annotated[
        str, typer.Option("--run", metavar="RUN", help="With --dead: only those of one run.")
    ] = "",
    as_json: AsJson = False,
) -> int:
    """List runs, newest first; with --dead what failed in them and awaits a person."""
    if dead and not (status or before):
        return show_dead(ctx.obj, run, workflow, limit, as_json=as_json)
    if dead:
        raise Invalid(
            "Dead letters are not listed by the state or the age of their run.",
            code="option_unused",
            advice="Leave --status and --before out; --workflow and --run choose dead letters.",
        )
    if run:
        raise Invalid(
            "--run chooses the dead letters of one run.",
            code="option_unused",
            advice="Add --dead, or see one run with `kapell runs show RUN`.",
        )
    return show_list(ctx.obj, _state(status), workflow, limit, before=before, as_json=as_json)


def show_list(
    surroundings: Surroundings,
    status: RunStatus | None,
    workflow: str | None,
    limit: int,
    *,
    before: str = "",
    as_json: bool,
) -> Exit:
    """Write the list of runs, a page of it."""

    async def work(session: Session) -> Exit:
        older_than = await session.find(before) if before else None
        # One more than is shown tells whether there are more.
        page = await session.app.reader.runs(
            session.app.tenant,
            status=status,
            workflow=workflow,
            limit=limit + 1,
            before=older_than,
        )
        found = page[:limit]
        if as_json:
            session.screen.document([summary_document(one) for one in found])
        elif found:
            heads = ("run", "workflow", "state", "began", "took", "tokens", "cost", "")
            now = time.time()
            rows = [_row(one, now) for one in found]
            session.screen.table(heads, rows, right=(4, 5, 6))
        else:
            chosen = status or workflow or before
            session.screen.note("There are no such runs." if chosen else "No runs yet.")
        if len(page) > limit and not as_json:
            session.screen.note(f"There are older ones: add --before {found[-1].run_id}")
        return Exit.OK

    return carry_out(surroundings, work)


def _state(text: str | None) -> RunStatus | None:
    if text is None:
        return None
    known = [one.value for one in RunStatus]
    if text == "stopped":
        raise Invalid(
            "Stopped runs are in the state `running`, but nobody works on them.",
            code="state_unknown",
            advice="List them with --status running.",
        )
    if text not in known:
        raise Invalid(
            f"There is no state `{text}`.", code="state_unknown", advice=hint(text, known, "States")
        )
    return RunStatus(text)


def _row(run: RunSummary, now: float) -> tuple[str, ...]:
    until = run.ended_at or now
    return (
        run.run_id,
        run.workflow,
        state_of(run.status, attended=run.attended),
        instant_text(run.created_at)[:19].replace("T", " "),
        span_text(max(0.0, until - run.created_at)),
        f"{run.tokens:,}",
        money(run.usd),
        "; ".join(filter(None, (run.error_code or _fork(run), run.guards))),
    )


def _fork(run: RunSummary) -> str:
    return f"fork of {run.forked_from}" if run.forked_from else ""


def show(
    ctx: typer.Context,
    run: Run = "last",
    as_trace: Annotated[
        bool, typer.Option("--trace", help="Show its trace: spans, one below the other.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Show a run: its steps, its output, what it waits for. Its state does not change the exit."""
    return show_run(ctx.obj, run, as_trace=as_trace, as_json=as_json)


def show_run(
    surroundings: Surroundings, ref: str, *, as_trace: bool = False, as_json: bool = False
) -> Exit:
    """Write a run whole."""

    async def work(session: Session) -> Exit:
        summary = await session.summary(ref)
        history = await session.app.histories.events(summary.run_id)
        if as_trace:
            _show_trace(session.screen, trace(history), as_json=as_json)
            return Exit.OK
        view = await whole(session.app, history)
        if as_json:
            document = await run_document(session.app, view)
            session.screen.document({**document, "attended": summary.attended})
            return Exit.OK
        screen = session.screen
        screen.show(f"{screen.styled(view.workflow, 'bold')}  {view.run_id}")
        screen.show(f"  version {view.version[:12]}")
        screen.show(f"  queued {instant_text(view.created_at)}")
        if view.forked_from:
            screen.show(f"  forked from {view.forked_from}")
        if view.guards:
            screen.show(f"  {view.guards}")
        for why, count in view.unjudged.items():
            screen.show(f"  no verdict of the judge on {count} of its answers ({why})")
        screen.show(f"  inputs {shortened(view.inputs)}\n")
        stopped = not (view.ended or summary.attended)
        show_tree(screen, view, time.time(), stopped=stopped)
        await tell_end(session, view, as_json=False, attended=summary.attended)
        return Exit.OK

    return carry_out(surroundings, work)


def _show_trace(screen: Screen, view: TraceView, *, as_json: bool) -> None:
    if as_json:
        screen.document([msgspec.to_builtins(span) for span in view.spans.values()])
        return
    screen.show(f"trace {view.trace_id}")
    depths: dict[str, int] = {}
    since = min((span.started_at for span in view.spans.values()), default=0.0)
    rows = []
    for span in view.spans.values():
        depth = depths[span.span_id] = depths.get(span.parent_id, -1) + 1
        took = "" if span.ended_at is None else span_text(max(0.0, span.ended_at - span.started_at))
        began = span_text(max(0.0, span.started_at - since))
        rows.append(("  " * depth + span.name, span.outcome, began, took, span.span_id))
    screen.table(("span", "outcome", "began", "took", "id"), rows, right=(2, 3))


def events(
    ctx: typer.Context,
    run: Run = "last",
    after: Annotated[
        int, typer.Option("--after", min=0, metavar="N", help="Only those after number N.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON line each.")] = False,
    signals: Annotated[
        bool,
        typer.Option(
            "--telemetry", help="Write what telemetry is told of them, one JSON line each."
        ),
    ] = False,
) -> int:
    """List the events of a run: everything that ever happened to it."""

    async def work(session: Session) -> Exit:
        history = await session.app.histories.events(await session.find(run))
        if after >= len(history):
            session.screen.note(f"Nothing comes after number {after}: there are {len(history)}.")
        if signals:
            for signal in telemetry(history):
                session.screen.line(msgspec.to_builtins(signal))
            return Exit.OK
        for event in history[after:]:
            if as_json:
                session.screen.line(event_document(event))
            else:
                line = line_of(event)
                text = text_of(line, history[0].at)
                session.screen.show(f"{line.seq:>6} {text}  ({line.type}, {line.actor})")
        return Exit.OK

    return carry_out(ctx.obj, work)


def watch_run(
    ctx: typer.Context,
    run: Run = "last",
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON line for each event, as it comes.")
    ] = False,
) -> int:
    """Follow a run that others carry out, until it ends or waits for a person."""
    return follow(ctx.obj, run, as_json=as_json)


def follow(surroundings: Surroundings, ref: str, *, as_json: bool) -> Exit:
    """Follow a run and end with its exit code."""

    async def work(session: Session) -> Exit:
        run_id = await session.find(ref)
        if not as_json:
            return await watch(session, run_id, Manner())

        def write(view: RunView, new: Sequence[Event]) -> None:
            del view
            for event in new:
                session.screen.line(event_document(event))

        follower = Follower(session.app, run_id)
        follower.show(write)
        await follower.until(lambda: stands_still(follower.view))
        return exit_of(follower.view)

    return carry_out(surroundings, work)
