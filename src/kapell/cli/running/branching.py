"""What-if: runs from runs, two of them beside each other, and taking a fork's outcome over."""

from typing import Annotated

import msgspec
import typer

from kapell.cli.exits import Exit
from kapell.cli.running.arguments import AsJson, Detach, Run, Yes
from kapell.cli.running.inputs import inputs_of, json_of
from kapell.cli.screen import Screen
from kapell.cli.session import Session, carry_out
from kapell.cli.surroundings import Surroundings
from kapell.cli.watching.attending import Manner, attend
from kapell.kit.clock import span_text
from kapell.kit.errors import Invalid
from kapell.kit.ids import RunId
from kapell.kit.money import text as money
from kapell.kit.money import usd
from kapell.projections.comparison import ComparisonView, Side, compare
from kapell.projections.tree import tree


def restart(
    ctx: typer.Context,
    run: Run,
    yes: Yes = False,
    detach: Detach = False,
    as_json: AsJson = False,
) -> int:
    """Begin a new run of the same version with the same inputs."""

    async def work(session: Session) -> Exit:
        made = await session.app.forker.restart(await session.find(run))
        return await _go_on(session, made, Manner(yes=yes, as_json=as_json), detach=detach)

    return carry_out(ctx.obj, work)


def fork(
    ctx: typer.Context,
    run: Run,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="STEP|N", help="Step to begin anew, or an event's number."),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", metavar="K=V", help="A changed input; repeatable."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", help="Another result of the step --at, JSON or text.")
    ] = None,
    repeat_external: Annotated[
        bool, typer.Option("--repeat-external", help="Allow calls that must not be repeated.")
    ] = False,
    yes: Yes = False,
    detach: Detach = False,
    as_json: AsJson = False,
) -> int:
    """Begin a new run with another's past, from a step on, with or without changes."""
    place = _place(at)
    if output is not None and not isinstance(place, str):
        raise Invalid(
            "--output is the result of a step, and no step is named.",
            code="option_unused",
            advice="Name the step with --at; `kapell runs show RUN` lists them.",
        )
    replaced = msgspec.UNSET if output is None else json_of(output, "--output")
    changed = inputs_of(given, ()).values if given else None

    async def work(session: Session) -> Exit:
        run_id = await session.find(run)
        if changed is not None:
            known = await session.app.histories.value(
                tree(await session.app.histories.events(run_id)).inputs
            )
            inputs = {**known, **changed} if isinstance(known, dict) else changed
        else:
            inputs = None
        made = await session.app.forker.fork(
            run_id, at=place, inputs=inputs, output=replaced, repeat_external=repeat_external
        )
        return await _go_on(session, made, Manner(yes=yes, as_json=as_json), detach=detach)

    return carry_out(ctx.obj, work)


def _place(at: str | None) -> int | str | None:
    if at is not None and not at.strip():
        raise Invalid(
            "--at names neither a step nor an event.",
            code="option_empty",
            advice="Give a step's path or an event's number, or leave --at out to copy all.",
        )
    return int(at) if at is not None and at.isdecimal() and at.isascii() else at


async def _go_on(session: Session, run_id: RunId, manner: Manner, *, detach: bool) -> Exit:
    if not detach:
        return await attend(session, run_id, manner, known=True)
    if manner.as_json:
        session.screen.document({"run_id": run_id})
    else:
        session.screen.show(run_id)
    return Exit.OK


def merge(
    ctx: typer.Context,
    run: Run,
    fork: Annotated[str, typer.Argument(metavar="FORK", help="A fork of it, named as a run is.")],
    as_json: AsJson = False,
) -> int:
    """Let a run adopt the outcome of one of its forks."""

    async def work(session: Session) -> Exit:
        original = await session.find(run)
        await session.app.forker.merge(original, await session.find(fork))
        return await attend(session, original, Manner(as_json=as_json), known=True)

    return carry_out(ctx.obj, work)


def compare_runs(ctx: typer.Context, first: Run, second: Run, as_json: AsJson = False) -> int:
    """Show two runs beside each other: where they part, what differs, what each cost."""
    return show_comparison(ctx.obj, first, second, as_json=as_json)


def show_comparison(surroundings: Surroundings, first: str, second: str, *, as_json: bool) -> Exit:
    """Write the comparison of two runs."""

    async def work(session: Session) -> Exit:
        histories = session.app.histories
        one = await histories.events(await session.find(first))
        other = await histories.events(await session.find(second))
        view = compare(one, other)
        if as_json:
            session.screen.document(_document(view))
        else:
            _show(session.screen, view)
        return Exit.OK

    return carry_out(surroundings, work)


def _document(view: ComparisonView) -> dict[str, object]:
    def side(one: Side) -> dict[str, object]:
        return {
            "status": one.status,
            "usd": usd(one.usd),
            "tokens": one.tokens,
            "seconds": one.seconds,
        }

    return {
        "first_run": view.first_run,
        "second_run": view.second_run,
        "same_version": view.same_version,
        "same_inputs": view.same_inputs,
        "same_output": view.same_output,
        "shared_events": view.shared,
        "parted_at": view.parted_at,
        "first": side(view.first),
        "second": side(view.second),
        "steps": [
            {
                "step": one.step,
                "difference": one.difference,
                "paths": list(one.paths),
                "first": side(one.first),
                "second": side(one.second),
            }
            for one in view.steps
        ],
    }


def _show(screen: Screen, view: ComparisonView) -> None:
    screen.show(f"first   {view.first_run}\nsecond  {view.second_run}\n")
    said = {True: "same", False: "different"}
    screen.show(
        f"version {said[view.same_version]}, inputs {said[view.same_inputs]}, "
        f"output {said[view.same_output]}, {view.shared} events shared"
    )
    screen.show(f"they part at step {view.parted_at}\n" if view.parted_at else "no step differs\n")
    rows = [
        (
            one.step,
            one.difference.replace("_", " "),
            one.first.status,
            one.second.status,
            _time(one.first),
            _time(one.second),
            money(one.first.usd),
            money(one.second.usd),
        )
        for one in view.steps
    ]
    first, second = view.first, view.second
    rows.append(
        (
            "all",
            "",
            first.status,
            second.status,
            _time(first),
            _time(second),
            money(first.usd),
            money(second.usd),
        )
    )
    heads = ("step", "differs in", "first", "second", "time", "time", "cost", "cost")
    screen.table(heads, rows, right=(4, 5, 6, 7))


def _time(side: Side) -> str:
    return span_text(max(0.0, side.seconds)) if side.status else ""
