"""``kapell approvals``: what waits for a person, and the answers."""

import json
import shlex
import time
from functools import partial
from typing import Annotated

import typer

from kapell.cli.exits import Exit
from kapell.cli.group import InnerGroup
from kapell.cli.running.arguments import AsJson, Note, Run
from kapell.cli.running.inputs import pairs_of
from kapell.cli.screen import Screen
from kapell.cli.session import Session, carry_out
from kapell.cli.watching.asking import differences, facts, shown
from kapell.cli.watching.documents import approval_document
from kapell.core.approvals.showing import visible
from kapell.kit.clock import span_text
from kapell.kit.errors import Conflict, Invalid, Missing
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.approvals.desk import Shown
from kapell.services.runs.ports import ApprovalRow

app = typer.Typer(
    cls=InnerGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="List what waits for people, and answer.",
)


As = Annotated[
    str,
    typer.Option("--as", metavar="NAME", help="Who answers, where several people share a machine."),
]
Path = Annotated[str, typer.Argument(metavar="PATH", help="Which one; the only one when left out.")]
Edits = Annotated[
    list[str] | None,
    typer.Option("--edit", metavar="K=V", help="A changed field, text or JSON; repeatable."),
]


@app.command("list")
def list_approvals(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="Only those of one run.")] = "",
    closed: Annotated[bool, typer.Option("--all", help="Answered ones too.")] = False,
    as_json: AsJson = False,
) -> int:
    """List what waits for an answer, oldest first."""

    async def work(session: Session) -> Exit:
        run_id = await session.find(run) if run else None
        desk = session.app.approvals
        rows = await desk.list(run_id, open_only=not closed)
        pairs = [(row, await desk.data(row)) for row in rows]
        screen = session.screen
        if as_json:
            screen.document([approval_document(row, data) for row, data in pairs])
            return Exit.OK
        for row, data in pairs:
            _head(screen, row)
            for line in shown(data).splitlines() if data is not None else ():
                screen.show(f"    {line}")
            if not row.answer:
                screen.show(f"  kapell approvals answer {row.run_id} '{row.path}' --approve\n")
        if not pairs:
            screen.note("Nothing waits for an answer.")
        return Exit.OK

    return carry_out(ctx.obj, work)


def _head(screen: Screen, row: ApprovalRow) -> None:
    """Say what is asked, by which run, since when, and who asks."""
    now = time.time()
    state = f"  {row.answer} by {row.by}" if row.answer else ""
    age = span_text(max(0.0, now - row.at))
    left = ""
    if row.expires is not None and not row.answer:
        rest = row.expires - now
        left = f", expires in {span_text(rest)}" if rest > 0 else ", its time is over"
    screen.show(f"{screen.styled(visible(row.title), 'bold')}{visible(state)}")
    screen.show(f"  {row.workflow} {row.run_id}  {row.path}  asked {age} ago{left}")
    for line in facts(Shown(row, None)):
        screen.show(f"  {line}")


@app.command("show")
def show(
    ctx: typer.Context, run: Run, path: Path = "", edits: Edits = None, as_json: AsJson = False
) -> int:
    """Show one with all that will happen: arguments, changes of files, cost, risk, and why.

    With --edit, what would happen if it were approved with that; nothing is answered.
    """
    changed = _changed(edits)

    async def work(session: Session) -> Exit:
        run_id = await session.find(run)
        desk = session.app.approvals
        which = _one(await desk.list(run_id), path, run_id)
        if changed is None:
            one = await desk.show(run_id, which)
        else:
            one = await desk.preview(run_id, which, changed)
        screen = session.screen
        if as_json:
            document = approval_document(one.row, one.data)
            screen.document(
                {**document, "diff": one.diff, "edits": one.edits, "digest": one.digest}
            )
            return Exit.OK
        _head(screen, one.row)
        for line in shown(one.data).splitlines() if one.data is not None else ():
            screen.show(f"    {line}")
        for line in differences(one):
            screen.show(f"    {line}")
        if not one.row.answer:
            given = "".join(f" --edit {shlex.quote(edit)}" for edit in edits or ())
            screen.show(f"  kapell approvals answer {run_id} '{one.row.path}' --approve{given}")
        return Exit.OK

    return carry_out(ctx.obj, work)


@app.command("answer")
def answer(
    ctx: typer.Context,
    run: Run,
    path: Path = "",
    approve: Annotated[bool, typer.Option("--approve", help="The answer is yes.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="The answer is no.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Every open one of the run.")] = False,
    note: Note = "",
    edits: Edits = None,
    digest: Annotated[
        str, typer.Option("--digest", help="Only if it is still this that is asked.")
    ] = "",
    by: As = "",
    as_json: AsJson = False,
) -> int:
    """Answer an approval; a worker, or `kapell runs resume`, goes on with the run."""
    _check_meant(approve, reject, everything, path)
    changed = _changed(edits)

    async def work(session: Session) -> Exit:
        run_id = await session.find(run)
        desk = session.app.approvals
        rows = await desk.list(run_id)
        listed = everything and bool(rows)
        answer = partial(desk.answer, run_id, approved=approve, note=note, digest=digest, by=by)

        again: list[str] = []

        async def give(one: str) -> bool:
            try:
                if await answer(one, data=changed):
                    return True
                again.append(one)
                return not listed
            except Conflict:
                if not listed:
                    raise
                return False  # of all of them, those that have no answer yet are meant

        asked = [row.path for row in rows] if listed else [_one(rows, path, run_id)]
        if approve and changed is not None and not (listed or as_json):
            edited = await desk.preview(run_id, asked[0], changed)
            if not _wanted(session, edited):
                session.screen.note("Nothing was answered.")
                return Exit.OK
        paths = [one for one in asked if await give(one)]
        if not paths:
            raise Conflict(
                "All approvals have an answer already; the run has yet to read it.",
                code="approval_answered",
                advice=f"Let it go on with: kapell runs resume {run_id}",
            )
        done = "approved" if approve else "rejected"
        if as_json:
            session.screen.document({"run_id": run_id, "answer": done, "paths": paths})
        else:
            _tell(session, run_id, done, paths, again)
        return Exit.OK

    return carry_out(ctx.obj, work)


@app.command("delegate")
def delegate(
    ctx: typer.Context,
    run: Run,
    to: Annotated[str, typer.Argument(metavar="NAME", help="Who answers in your place.")],
    path: Path = "",
    note: Note = "",
    by: As = "",
) -> int:
    """Let somebody else answer in your place."""

    async def work(session: Session) -> Exit:
        run_id = await session.find(run)
        desk = session.app.approvals
        one = _one(await desk.list(run_id), path, run_id)
        await desk.delegate(run_id, one, to, note=note, by=by)
        session.screen.say(f"handed on to {to}  {one}")
        session.screen.note(f"The run takes note with: kapell runs resume {run_id}")
        return Exit.OK

    return carry_out(ctx.obj, work)


def _tell(session: Session, run_id: RunId, done: str, paths: list[str], again: list[str]) -> None:
    for one in paths:
        before = "  (you had said so before)" if one in again else ""
        session.screen.say(f"{done}  {one}{before}")
    session.screen.note(f"Go on with: kapell runs resume {run_id}")


def _wanted(session: Session, edited: Shown) -> bool:
    """Show what an edit changes; where a person sits at the terminal, ask whether it is meant."""
    for line in differences(edited):
        session.screen.show(line)
    if not session.surroundings.person:
        return True
    try:
        return input("Approve of it with this? [y]es, [n]o: ").strip().lower()[:1] == "y"
    except EOFError:
        return False


def _check_meant(approve: bool, reject: bool, everything: bool, path: str) -> None:
    """Raise where it is not said what the answer is, or to which question."""
    if approve is reject:
        raise Invalid(
            "The answer cannot be both yes and no." if approve else "No answer is given.",
            code="answer_missing",
            advice="Give --approve or --reject.",
        )
    if everything and path:
        raise Invalid(
            "--all answers every open approval of the run, but one of them is named.",
            code="option_unused",
            advice="Leave out one of the two.",
        )


def _one(rows: tuple[ApprovalRow, ...], path: str, run_id: RunId) -> str:
    if path:
        return path
    if len(rows) == 1:
        return rows[0].path
    if not rows:
        raise Missing(
            f"The run {run_id} waits for no answer.",
            code="approval_unknown",
            advice="`kapell approvals list` shows what does.",
        )
    listed = ", ".join(f"`{row.path}`" for row in rows[:10])
    raise Invalid(
        f"The run waits for {len(rows)} answers.",
        code="approval_ambiguous",
        advice=f"Name one of them, or give --all: {listed}.",
    )


def _changed(edits: list[str] | None) -> Json:
    if not edits:
        return None
    changed: dict[str, Json] = {}
    for name, text in pairs_of(edits, "--edit").items():
        try:
            changed[name] = json.loads(text) if text[:1] in '{["' else text
        except ValueError:
            changed[name] = text
    return changed
