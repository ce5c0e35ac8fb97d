"""``kapell costs``."""

import time
from collections.abc import Sequence
from typing import Annotated, Literal, get_args

import typer

from kapell.cli.exits import Exit
from kapell.cli.running.arguments import AsJson
from kapell.cli.session import Session, carry_out
from kapell.cli.surroundings import Surroundings
from kapell.core.definitions.nearest import hint
from kapell.core.events.run import RunQueued
from kapell.core.pricing.foresight import run_forecast
from kapell.core.runs.status import RunStatus
from kapell.kit.clock import span
from kapell.kit.errors import Invalid
from kapell.kit.ids import RunId
from kapell.kit.money import text as money
from kapell.kit.money import usd
from kapell.services.runs.ports import AccuracyRow, CostRow

app = typer.Typer(rich_markup_mode=None, add_completion=False)

LATELY = 50
"""Runs from which the next one is foreseen."""

FORESEEN = 200
"""Runs of which it is shown how well they were foreseen, the newest."""

By = Literal["provider", "model", "agent", "step", "run", "workflow"]
ByOption = Annotated[
    str, typer.Option("--by", help="provider, model, agent, step, run or workflow.")
]
RunOption = Annotated[
    str, typer.Option("--run", metavar="RUN", help="The same as the argument RUN.")
]
RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="Only those of one run: id, part, or `last`.")
]
Since = Annotated[
    str, typer.Option("--since", metavar="7d", help="Only those of the last so much time.")
]


@app.command()
def costs(
    ctx: typer.Context,
    ref: RunArgument = "",
    by: ByOption = "model",
    run: RunOption = "",
    since: Since = "",
    accuracy: Annotated[
        bool, typer.Option("--accuracy", help="How well costs were predicted, call by call.")
    ] = False,
    forecast: Annotated[
        str,
        typer.Option("--forecast", metavar="WORKFLOW", help="What its next run will likely cost."),
    ] = "",
    as_json: AsJson = False,
) -> int:
    """Show what model calls cost, the dearest group first; of all runs, or of one."""
    if forecast:
        return show_forecast(ctx.obj, forecast, as_json=as_json)
    if accuracy:
        return show_accuracy(ctx.obj, by, one_run(ref, run), since, as_json=as_json)
    return show_costs(ctx.obj, by, one_run(ref, run), since, as_json=as_json)


def one_run(ref: str, option: str) -> str:
    """Return the run that is meant by the argument or the option.

    Raises:
        Invalid: ``run_named_twice`` when they name different ones.
    """
    if ref and option and ref != option:
        raise Invalid(
            f"Two runs are named: `{ref}` and `{option}`.",
            code="run_named_twice",
            advice="Name one, such as: kapell costs last.",
        )
    return ref or option


def show_costs(surroundings: Surroundings, by: str, run: str, since: str, *, as_json: bool) -> Exit:
    """Write the costs, grouped."""
    grouped = _by(by)
    after = time.time() - span(since) if since else None

    async def work(session: Session) -> Exit:
        run_id = await session.find(run) if run else None
        rows = await session.app.reader.costs(session.app.tenant, grouped, run_id, after)
        total = sum(row.usd for row in rows)
        if as_json:
            session.screen.document(
                {"by": by, "usd": usd(total), "groups": [_document(row) for row in rows]}
            )
            return Exit.OK
        if not rows:
            session.screen.note("No model was asked.")
            return Exit.OK
        cells = [_cells(row) for row in rows]
        calls = sum(row.calls for row in rows)
        tokens = [sum(row.input_tokens for row in rows), sum(row.output_tokens for row in rows)]
        cells.append(("all", str(calls), *(f"{count:,}" for count in tokens), money(total), ""))
        heads = (by, "calls", "input", "output", "cost", "")
        session.screen.table(heads, cells, right=(1, 2, 3, 4))
        return Exit.OK

    return carry_out(surroundings, work)


def show_forecast(surroundings: Surroundings, workflow: str, *, as_json: bool) -> Exit:
    """Write what the next run of a workflow will likely cost, from those that ended well."""

    async def work(session: Session) -> Exit:
        app = session.app
        past = await app.reader.runs(
            app.tenant, status=RunStatus.SUCCEEDED, workflow=workflow, limit=LATELY
        )
        found = run_forecast([(run.usd, run.tokens) for run in past if not run.forked_from])
        if as_json:
            session.screen.document(
                {
                    "workflow": workflow,
                    "runs": found.runs,
                    "usd": usd(found.usd),
                    "low_usd": usd(found.low),
                    "high_usd": usd(found.high),
                    "tokens": found.tokens,
                }
            )
        elif not found.runs:
            session.screen.note(f"No run of `{workflow}` has ended well yet: nothing is known.")
        else:
            session.screen.show(
                f"{workflow}: {money(found.usd)} and {found.tokens:,} tokens, from "
                f"{found.runs} runs ({money(found.low)} to {money(found.high)} in four of five)"
            )
        return Exit.OK

    return carry_out(surroundings, work)


def show_accuracy(
    surroundings: Surroundings, by: str, run: str, since: str, *, as_json: bool
) -> Exit:
    """Write predicted against actual cost of answered calls, grouped; and the error of a run."""
    grouped = _by(by)
    after = time.time() - span(since) if since else None

    async def work(session: Session) -> Exit:
        run_id = await session.find(run) if run else None
        reader, tenant = session.app.reader, session.app.tenant
        rows = await reader.accuracy(tenant, grouped, run_id, after)
        missed = _runs_missed(await reader.accuracy(tenant, "run", run_id, after))
        before = await _foreseen(session, run_id, after)
        every = _whole(rows)
        if as_json:
            groups = [_accuracy_document(row) for row in rows]
            session.screen.document(
                {"by": by, **_accuracy_document(every), "run_error": missed,
                 "foreseen_runs": len(before), "foreseen_error": _runs_missed(before),
                 "groups": groups}
            )  # fmt: skip
            return Exit.OK
        if not rows:
            session.screen.note("No model has answered.")
            return Exit.OK
        heads = (by, "calls", "predicted", "cost", "error", "a call's error")
        cells = [_accuracy_cells(row) for row in (*rows, every)]
        session.screen.table(heads, cells, right=(1, 2, 3, 4, 5))
        session.screen.show(f"\na run's error  {_share(missed)}")
        if before:
            runs = "1 run" if len(before) == 1 else f"{len(before)} runs"
            session.screen.show(f"before it began  {_share(_runs_missed(before))} ({runs})")
        return Exit.OK

    return carry_out(surroundings, work)


async def _foreseen(session: Session, run: RunId | None, after: float | None) -> list[AccuracyRow]:
    """Return what the last runs that ended well were foreseen to cost when they began."""
    app = session.app
    if run is None:
        ended = await app.reader.runs(app.tenant, status=RunStatus.SUCCEEDED, limit=FORESEEN)
    else:
        ended = tuple(
            one
            for one in (await app.reader.run(app.tenant, run),)
            if one.status is RunStatus.SUCCEEDED
        )
    found = []
    for one in ended:
        if one.forked_from or (after is not None and one.created_at < after):
            continue
        for first in await app.reader.events(app.tenant, one.run_id, limit=1):
            if isinstance(first.payload, RunQueued) and first.payload.forecast is not None:
                predicted = first.payload.forecast.usd
                row = AccuracyRow(
                    group=one.run_id, calls=0, predicted=predicted, usd=one.usd,
                    missed=abs(predicted - one.usd),
                )  # fmt: skip
                found.append(row)
    return found


def _whole(rows: Sequence[AccuracyRow]) -> AccuracyRow:
    """Return all groups as one whose ``missed`` adds up the groups' own errors."""
    return AccuracyRow(
        group="all",
        calls=sum(row.calls for row in rows),
        predicted=sum(row.predicted for row in rows),
        usd=sum(row.usd for row in rows),
        missed=sum(row.missed for row in rows),
    )


def _runs_missed(runs: Sequence[AccuracyRow]) -> float | None:
    """Return by which share runs were missed, each for itself."""
    paid = sum(run.usd for run in runs)
    return sum(abs(run.predicted - run.usd) for run in runs) / paid if paid else None


def _error(row: AccuracyRow) -> float | None:
    """Return by which share the sum was missed; None where nothing was to be paid."""
    return abs(row.predicted - row.usd) / row.usd if row.usd else None


def _call_error(row: AccuracyRow) -> float | None:
    return row.missed / row.usd if row.usd else None


def _share(part: float | None) -> str:
    return "-" if part is None else f"{100 * part:.1f} %"


def _accuracy_cells(row: AccuracyRow) -> tuple[str, ...]:
    return (
        row.group or "(none)",
        str(row.calls),
        money(row.predicted),
        money(row.usd),
        _share(_error(row)),
        _share(_call_error(row)),
    )


def _accuracy_document(row: AccuracyRow) -> dict[str, object]:
    return {
        "group": row.group,
        "calls": row.calls,
        "predicted_usd": usd(row.predicted),
        "usd": usd(row.usd),
        "error": _error(row),
        "call_error": _call_error(row),
    }


def _by(text: str) -> By:
    for known in get_args(By):
        if text == known:
            found: By = known
            return found
    raise Invalid(
        f"Costs cannot be grouped by `{text}`.",
        code="group_unknown",
        advice=hint(text, get_args(By), "Groups"),
    )


def _cells(row: CostRow) -> tuple[str, ...]:
    open_calls = f"{money(row.reserved)} set aside" if row.reserved else ""
    return (
        row.group or "(none)",
        str(row.calls),
        f"{row.input_tokens:,}",
        f"{row.output_tokens:,}",
        money(row.usd),
        open_calls,
    )


def _document(row: CostRow) -> dict[str, object]:
    return {
        "group": row.group,
        "calls": row.calls,
        "usd": usd(row.usd),
        "reserved_usd": usd(row.reserved),
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
    }
