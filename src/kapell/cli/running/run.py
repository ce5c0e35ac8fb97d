"""``kapell run``."""

import math
from typing import Annotated

import typer

from kapell.cli.catalogue import INNER
from kapell.cli.exits import Exit
from kapell.cli.failures import block
from kapell.cli.misuse import meant
from kapell.cli.running.inputs import Given, inputs_of
from kapell.cli.session import Session, carry_out
from kapell.cli.surroundings import Surroundings
from kapell.cli.watching.attending import Manner, attend
from kapell.cli.whereabouts import refuse_other, tell_workspace
from kapell.core.definitions.nearest import hint
from kapell.core.guardrails.standing import RIGOUR, ProfileName
from kapell.core.pricing.budget import Budget
from kapell.kit.clock import span
from kapell.kit.errors import Invalid, Missing
from kapell.kit.ids import RunId
from kapell.kit.money import LARGEST_USD, nano

app = typer.Typer(rich_markup_mode=None, add_completion=False)

Inputs = Annotated[
    list[str] | None, typer.Option("--input", "-i", metavar="K=V", help="An input; repeatable.")
]
Params = Annotated[
    list[str] | None,
    typer.Option("--params", metavar="K=V|FILE", help="Inputs as k=v, or a YAML or JSON file."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Approve whatever is asked, and say so.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON document at the end.")]
Guardrails = Annotated[
    str | None,
    typer.Option(
        "--guardrails", metavar="P", help="Profile of every step: strict, default or off."
    ),
]
Detach = Annotated[bool, typer.Option("--detach", help="Only enqueue; workers carry it out.")]


@app.command()
def run(
    ctx: typer.Context,
    workflow: Annotated[str, typer.Argument(metavar="FILE|NAME", help="The workflow.")],
    given: Inputs = None,
    params: Params = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="M", help="Model of every step: provider:name.")
    ] = None,
    key: Annotated[
        str, typer.Option("--key", metavar="K", help="The same key and inputs give the same run.")
    ] = "",
    priority: Annotated[
        int,
        typer.Option("--priority", metavar="N", min=-1000, max=1000, help="Higher goes first."),
    ] = 0,
    delay: Annotated[
        str | None, typer.Option("--delay", metavar="5m", help="Begin only after this time.")
    ] = None,
    budget_usd: Annotated[
        str | None, typer.Option("--budget-usd", metavar="X", help="Most US dollars it may cost.")
    ] = None,
    guardrails: Guardrails = None,
    yes: Yes = False,
    as_json: AsJson = False,
    detach: Detach = False,
) -> int:
    """Run a workflow and watch it until it ends, or waits for somebody who is not here."""
    inputs = inputs_of(given or (), params or ())
    return begin(
        ctx.obj,
        workflow,
        inputs,
        Manner(yes=yes, as_json=as_json),
        model=model,
        budget=_budget(budget_usd),
        key=key,
        priority=priority,
        delay=None if delay is None else span(delay),
        detach=detach,
        guardrails=_profile(guardrails),
    )


def begin(
    surroundings: Surroundings,
    workflow: str,
    inputs: Given,
    manner: Manner,
    *,
    model: str | None = None,
    budget: Budget | None = None,
    key: str = "",
    priority: int = 0,
    delay: float | None = None,
    detach: bool = False,
    guardrails: ProfileName | None = None,
) -> Exit:
    """Begin a run and attend it, unless it is detached.

    Raises:
        Invalid: ``workflow_is_agent`` or ``workflow_is_other`` for what is no workflow's file;
            what is wrong in files of inputs.
    """
    _check_file(workflow)

    async def work(session: Session) -> Exit:
        try:
            if inputs.problems.errors:
                inputs.refuse(session.app.workspace.load_workflow(workflow).version)
            started = await session.app.starter.start(
                workflow,
                inputs.values,
                model=model,
                budget=budget,
                key=key,
                priority=priority,
                delay=delay,
                guardrails=guardrails,
            )
        except Missing as error:
            raise _with_hint(error, workflow) from error
        _tell_odd(session, workflow, manner)
        if not started.created:
            session.screen.note(f"The key {key!r} had started this run before.")
        if detach:
            return _detached(session, started.run_id, manner, created=started.created)
        return await attend(session, started.run_id, manner)

    if not manner.as_json:
        tell_workspace(surroundings, workflow)
    return carry_out(surroundings, work, workflow)


def _tell_odd(session: Session, workflow: str, manner: Manner) -> None:
    """Say which agents are broken, so that what they last were is used, or there twice."""
    loaded = session.app.workspace.load_workflow(workflow)
    for warning in loaded.warnings:
        if warning.code in ("agent_kept", "name_twice") and not manner.as_json:
            session.screen.complain(block(session.screen, warning, word="warning"))


def _with_hint(error: Missing, workflow: str) -> Missing:
    """Return the error with the command that was meant, when `run` was written for `runs`."""
    if error.code != "workflow_missing" or workflow not in INNER["runs"]:
        return error
    return Missing(error.message, code=error.code, advice=meant(("run", workflow)))


def _detached(session: Session, run_id: RunId, manner: Manner, *, created: bool) -> Exit:
    if manner.as_json:
        session.screen.document({"run_id": run_id, "created": created})
    else:
        session.screen.show(run_id)
        session.screen.note(f"Queued. Follow it with: kapell runs watch {run_id}")
    return Exit.OK


def _check_file(named: str) -> None:
    """Refuse what by its name alone cannot be a workflow's file."""
    if named.endswith(".md"):
        raise Invalid(
            f"`{named}` is an agent's file; what is run is a workflow.",
            code="workflow_is_agent",
            advice="Name the agent in a step (`agent: NAME`) of a workflow, and run that.",
        )
    refuse_other(named)


def _profile(text: str | None) -> ProfileName | None:
    """Return the profile that was written.

    Raises:
        Invalid: ``profile_unknown``.
    """
    for one in RIGOUR:
        if text == one:
            return one
    if text is None:
        return None
    raise Invalid(
        f"There is no guardrail profile `{text}`.",
        code="profile_unknown",
        advice=hint(text, RIGOUR, "Profiles"),
    )


def _budget(text: str | None) -> Budget | None:
    """Return the budget that was written, in the bounds that files have too.

    Raises:
        Invalid: ``budget_broken``.
    """
    if text is None:
        return None
    written = text.removeprefix("$")
    try:
        amount = float(written) if "_" not in written else math.nan
    except ValueError:
        amount = math.nan
    if math.isnan(amount):
        raise Invalid(
            f"`{text}` is not an amount of US dollars.",
            code="budget_broken",
            advice="Write --budget-usd 0.50.",
        )
    if not 0 <= amount <= LARGEST_USD:
        raise Invalid(
            f"A budget is between 0 and {LARGEST_USD:,} US dollars, not {text}.",
            code="budget_broken",
            advice="Write --budget-usd 0.50, or leave it out for no limit of money.",
        )
    return Budget(usd=int(nano(written)))
