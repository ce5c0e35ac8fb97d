"""``kapell profile RUN``."""

from typing import Annotated

import typer

from kapell.cli.exits import Exit
from kapell.cli.running.arguments import AsJson
from kapell.cli.screen import Screen
from kapell.cli.session import Session, carry_out
from kapell.cli.surroundings import Surroundings
from kapell.kit.clock import span_text
from kapell.projections.profile import ProfileView, StepTime
from kapell.projections.profile import profile as fold_profile

app = typer.Typer(rich_markup_mode=None, add_completion=False)

Run = Annotated[
    str, typer.Argument(metavar="RUN", help="Its id, a unique part of either end, or `last`.")
]


@app.command()
def profile(ctx: typer.Context, run: Run = "last", as_json: AsJson = False) -> int:
    """Show where the time of a run went, and name its slowest step."""
    return show_profile(ctx.obj, run, as_json=as_json)


def show_profile(surroundings: Surroundings, ref: str, *, as_json: bool) -> Exit:
    """Write a run's profile."""

    async def work(session: Session) -> Exit:
        run_id = await session.find(ref)
        view = fold_profile(await session.app.histories.events(run_id))
        if as_json:
            session.screen.document({"run_id": run_id, **_document(view)})
        else:
            _show(session.screen, view)
        return Exit.OK

    return carry_out(surroundings, work)


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def _show(screen: Screen, view: ProfileView) -> None:
    slowest = view.slowest
    if slowest is None:
        copied = any(one.copied for one in view.steps.values())
        also = ": all was copied from its original" if copied else ""
        screen.show(f"No step has done anything yet{also}.")
        return
    share = _share(slowest.busy, view.seconds)
    screen.show(
        f"slowest step: {screen.styled(slowest.step, 'bold')}  at work "
        f"{span_text(slowest.busy)} of {span_text(view.seconds)} ({share:.0%})"
    )
    screen.show(f"slowest step run: {slowest.slowest_path}  {span_text(slowest.slowest)}")
    screen.show(f"waiting: {_share(view.idle, view.idle + _busy(view)):.0%} of the steps' time\n")
    rows = [
        (
            one.step,
            str(one.runs),
            span_text(one.busy),
            f"{_share(one.busy, view.seconds):.0%}",
            span_text(one.idle),
            span_text(one.sum),
            span_text(one.slowest),
            "",
        )
        if not one.copied
        else (one.step, "", "", "", "", "", "", "copied")
        for one in view.ranked()
    ]
    heads = ("step", "runs", "working", "share", "waiting", "added up", "longest", "")
    screen.table(heads, rows, right=(1, 2, 3, 4, 5, 6))


def _busy(view: ProfileView) -> float:
    return sum(one.busy for one in view.ranked())


def _document(view: ProfileView) -> dict[str, object]:
    slowest = view.slowest
    return {
        "seconds": view.seconds,
        "slowest_step": None if slowest is None else slowest.step,
        "waiting_share": _share(view.idle, view.idle + _busy(view)),
        "steps": [_step(one, view.seconds) for one in view.ranked()],
    }


def _step(one: StepTime, whole: float) -> dict[str, object]:
    return {
        "step": one.step,
        "runs": one.runs,
        "working": one.busy,
        "share": _share(one.busy, whole),
        "waiting": one.idle,
        "added_up": one.sum,
        "longest": one.slowest,
        "longest_path": one.slowest_path,
        "copied": one.copied,
    }
