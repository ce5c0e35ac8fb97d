"""``kapell preview``."""

from typing import Annotated

import typer

from kapell.cli.exits import Exit
from kapell.cli.screen import Screen
from kapell.cli.session import Session, carry_out
from kapell.core.runs.status import RunStatus
from kapell.core.workflows.version import Version
from kapell.projections.changes import VersionChanges, changes
from kapell.projections.tree import RunView, tree
from kapell.services.runs.ports import RunSummary

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_MOST = 1000
"""Runs of one state that are looked at."""
_UNDER_WAY = (RunStatus.WAITING, RunStatus.RUNNING, RunStatus.ASSIGNED, RunStatus.QUEUED)


@app.command()
def preview(
    ctx: typer.Context,
    workflows: Annotated[
        list[str] | None, typer.Argument(metavar="FILE|NAME", help="Workflows; all else.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON document.")] = False,
) -> int:
    """Show what changed workflows mean to runs under way: they go on with their own version."""

    async def work(session: Session) -> Exit:
        refs = workflows or [one.path for one in session.app.workspace.list_workflows()]
        pages = [await _page(session, ref) for ref in refs]
        if as_json:
            session.screen.document([page for page in pages if page])
            return Exit.OK
        for page in pages:
            _show(session.screen, page)
        return Exit.OK

    return carry_out(ctx.obj, work, workflows[0] if workflows else "")


async def _page(session: Session, ref: str) -> dict[str, object]:
    loaded = session.app.workspace.load_workflow(ref)
    name = loaded.version.name
    groups: dict[str, list[RunSummary]] = {}
    for status in _UNDER_WAY:
        for run in await session.app.reader.runs(
            session.app.tenant, status=status, workflow=name, limit=_MOST
        ):
            groups.setdefault(run.version, []).append(run)
    current = groups.pop(loaded.hash, [])
    return {
        "workflow": name,
        "file": loaded.path,
        "version": loaded.hash,
        "runs_of_this_version": len(current),
        "older": [
            await _older(session, version, runs, loaded.version) for version, runs in groups.items()
        ],
    }


async def _older(
    session: Session, version: str, runs: list[RunSummary], new: Version
) -> dict[str, object]:
    program = await session.app.histories.program(runs[0].version)
    found = changes(program.version, new)
    views = [tree(await session.app.histories.events(run.run_id)) for run in runs]
    return {
        "version": version,
        "changed_parts": list(found.parts),
        "changed_steps": [
            {"step": one.step, "change": one.kind, "keys": list(one.keys)} for one in found.steps
        ],
        "runs": [_run(view, found) for view in views],
    }


def _run(view: RunView, found: VersionChanges) -> dict[str, object]:
    here = [step.step for step in view.steps.values() if step.live]
    done = [step.step for step in view.steps.values() if step.done and not step.live]
    affected = [step for step in here if found.of(step)]
    again = [step for step in done if found.of(step)]
    return {
        "run_id": view.run_id,
        "status": view.status.value,
        "at": here,
        "changed_where_it_stands": affected,
        "changed_behind_it": again,
    }


def _show(screen: Screen, page: dict[str, object]) -> None:
    older = page["older"]
    screen.show(
        f"{screen.styled(str(page['workflow']), 'bold')}  {page['file']}  "
        f"version {str(page['version'])[:12]}, runs under way: {page['runs_of_this_version']}"
    )
    if not isinstance(older, list) or not older:
        screen.show("  no run under way has another version\n")
        return
    for group in older:
        screen.show(f"  version {group['version'][:12]}: goes on as it is; in the new one")
        for part in group["changed_parts"]:
            screen.show(f"    changed  {part}")
        for one in group["changed_steps"]:
            keys = f" ({', '.join(one['keys'])})" if one["keys"] else ""
            screen.show(f"    {one['change']:<8} step {one['step']}{keys}")
        for run in group["runs"]:
            where = ", ".join(run["at"]) or "the beginning"
            screen.show(f"    run {run['run_id']}  {run['status']} at {where}")
            if run["changed_where_it_stands"] or run["changed_behind_it"]:
                screen.show("      to have the change: cancel it, and run the workflow anew")
    screen.show()
