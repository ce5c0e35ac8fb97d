"""``kapell agents test``: runs the scenarios of a workspace and says what did not come of them."""

from pathlib import Path
from typing import Annotated

import typer

from kapell.bootstrap.definitions import workspace_files
from kapell.bootstrap.trying import try_scenario
from kapell.cli.exits import Exit
from kapell.cli.failures import block
from kapell.cli.screen import Screen
from kapell.cli.session import Session, carry_out
from kapell.cli.whereabouts import root_of
from kapell.services.agents.scenarios import Scenario, scenarios


def test(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Scenarios or agents; all if left out."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON document.")] = False,
) -> int:
    """Run scenarios: agents with a scripted model, and what must come of it."""
    screen = Screen(ctx.obj)
    found = scenarios(workspace_files(root_of(ctx.obj), Path.cwd()), tuple(names or ()))
    if not found:
        screen.note("No scenarios here: they are files scenarios/NAME.yaml.")
        return Exit.OK

    async def work(session: Session) -> Exit:
        told = [await _tried(session, one) for one in found]
        wrong = sum(bool(one["failures"]) for one in told)
        if as_json:
            screen.document({"ok": not wrong, "scenarios": told})
        return Exit.INVALID if wrong else Exit.OK

    async def _tried(session: Session, one: Scenario) -> dict[str, object]:
        failures: tuple[str, ...] = tuple(str(problem) for problem in one.problems)
        run = ""
        if one.form is not None:
            tried = await try_scenario(session.app, one.name, one.form)
            failures, run = tried.failures, tried.run
        if not as_json:
            _tell(screen, one, failures, run)
        return {"name": one.name, "file": one.path, "run": run, "failures": list(failures)}

    return carry_out(ctx.obj, work)


def _tell(screen: Screen, one: Scenario, failures: tuple[str, ...], run: str) -> None:
    for problem in one.problems:
        screen.complain(block(screen, problem))
    if not failures:
        screen.say(f"ok  {one.path}  {one.name}")
    elif not one.problems:
        for failure in failures:
            screen.complain(f"failed  {one.path}  {failure}")
        screen.complain(f"See it with: kapell runs show {run}")
