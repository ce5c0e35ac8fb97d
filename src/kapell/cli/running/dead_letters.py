"""``kapell runs list --dead``: what awaits a person, of all runs, and why."""

import time
from collections.abc import Sequence

from kapell.cli.exits import Exit
from kapell.cli.failures import hidden
from kapell.cli.screen import Screen
from kapell.cli.session import Session, carry_out
from kapell.cli.surroundings import Surroundings
from kapell.cli.watching.documents import dead_document
from kapell.kit.clock import span_text
from kapell.services.runs.ports import DeadLetterRow


def show_dead(
    surroundings: Surroundings, run: str, workflow: str | None, limit: int, *, as_json: bool
) -> Exit:
    """Write the dead letters, oldest first."""

    async def work(session: Session) -> Exit:
        run_id = await session.find(run) if run else None
        found = await session.app.reader.dead_letters(session.app.tenant, run_id)
        wanted = [one for one in found if workflow in (None, one.workflow)]
        if as_json:
            session.screen.document([dead_document(one) for one in wanted[:limit]])
            return Exit.OK
        _show(session.screen, wanted[:limit])
        if not wanted:
            session.screen.note("There are no dead letters.")
            return Exit.OK
        if len(wanted) > limit:
            session.screen.note(f"{len(wanted) - limit} more: give a higher --limit.")
        session.screen.note("Mend one with: kapell runs retry RUN PATH, or kapell runs repair.")
        return Exit.OK

    return carry_out(surroundings, work)


def _show(screen: Screen, found: Sequence[DeadLetterRow]) -> None:
    if not found:
        return
    now = time.time()
    rows = [
        (
            one.run_id,
            one.workflow,
            one.path or "(the run's outputs)",
            one.stage.replace("_", " "),
            str(one.attempts),
            span_text(max(0.0, now - one.at)),
            f"{hidden(one.message)} [{one.code}]",
        )
        for one in found
    ]
    heads = ("run", "workflow", "path", "stage", "attempts", "age", "reason")
    screen.table(heads, rows, right=(4, 5))
