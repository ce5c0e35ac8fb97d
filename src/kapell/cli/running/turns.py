"""``kapell runs turns``: thought, action and observation of the agents of a run."""

from typing import Annotated

import msgspec
import typer

from kapell.cli.exits import Exit
from kapell.cli.running.arguments import AsJson, Run
from kapell.cli.screen import Screen
from kapell.cli.session import Session, carry_out
from kapell.core.events.run import RunCancelled, RunFailed, RunSucceeded
from kapell.core.events.value import unpack
from kapell.core.guardrails.labels import untrusted
from kapell.core.runs import paths
from kapell.kit.clock import span_text
from kapell.kit.errors import Missing
from kapell.kit.json import Digest, Json, decode, encode
from kapell.kit.money import text as money
from kapell.projections.corrections import Corrections, corrections
from kapell.projections.turns import Action, TurnView, needed, turns

_ENDS = (RunSucceeded, RunFailed, RunCancelled)
_SHOWN = 300
"""Characters of a value that are shown; ``--json`` has all of it."""


def show_turns(
    ctx: typer.Context,
    run: Run = "last",
    step: Annotated[
        str, typer.Option("--step", metavar="STEP", help="Only those of this step.")
    ] = "",
    as_json: AsJson = False,
) -> int:
    """Show what agents thought, did and observed, turn by turn."""

    async def work(session: Session) -> Exit:
        events = await session.app.histories.events(await session.find(run))
        blobs = await session.app.histories.blobs(sorted({one.digest for one in needed(events)}))
        values: dict[Digest, Json] = {digest: decode(body) for digest, body in blobs.items()}
        found = turns(events, lambda packed: unpack(packed, values))
        if step:
            found = [one for one in found if step in (one.step, paths.step_of(one.step))]
            if not found:
                raise Missing(
                    f"No agent has answered in a step {step!r} of this run.",
                    code="turns_missing",
                    advice="'kapell runs show' lists the steps; leave --step out to see all.",
                )
        ended = any(
            isinstance(one.payload, RunSucceeded | RunFailed | RunCancelled) for one in events
        )
        mending = corrections(found, ended=ended)
        if as_json:
            session.screen.document(msgspec.to_builtins({"turns": found, "corrections": mending}))
        elif not found:
            session.screen.note("No agent has been asked in this run.")
        else:
            for view in found:
                _show(session.screen, view)
            _tell(session.screen, mending)
        return Exit.OK

    return carry_out(ctx.obj, work)


def _show(screen: Screen, view: TurnView) -> None:
    tokens = view.input_tokens + view.output_tokens
    spent = f"{span_text(view.seconds)}, {tokens} tokens, {money(view.usd)}"
    again = f", attempt {view.attempt}" if view.attempt > 1 else ""
    who = f"{view.agent} on {view.model}" if view.agent else view.model
    screen.show(f"{view.step}  turn {view.turn}{again}  {view.outcome}  ({who}; {spent})")
    for one in view.thought.reasoning:
        screen.show(f"  reasoned  {_short(one)}")
    if view.thought.text:
        screen.show(f"  said      {_short(view.thought.text)}")
    for action in view.actions:
        apart = f"  (its turns: kapell runs turns {action.run})" if action.run else ""
        screen.show(f"  did       {action.tool} {_short(action.broken or action.args)}{apart}")
        screen.show(f"  saw       {_seen(action)}{_strangers(action)}")
    if view.outcome == "answered":
        screen.show(f"  answered  {_short(view.answer)}")
    if view.problem:
        screen.show(f"  problem   {_short(view.problem)}")


def _tell(screen: Screen, mending: Corrections) -> None:
    """Say how well the agents set right what went wrong."""
    if not mending.each:
        return
    ways = (
        (mending.mended, "mended"),
        (mending.other_way, "got round"),
        (mending.given_up, "given up"),
        (mending.open, "not yet settled"),
    )
    told = ", ".join(f"{count} {way}" for count, way in ways if count)
    rate = "" if mending.rate is None else f" ({mending.rate:.0%} set right)"
    faults = "fault" if len(mending.each) == 1 else "faults"
    tries = "" if mending.failures == len(mending.each) else f" in {mending.failures} tries"
    screen.show(f"self-correction: {len(mending.each)} {faults}{tries}: {told}{rate}")


def _strangers(action: Action) -> str:
    seen = action.observation
    return "  (from strangers)" if seen is not None and untrusted(seen.label) else ""


def _seen(action: Action) -> str:
    seen = action.observation
    if seen is None:
        return "(nothing yet)"
    if seen.status == "returned":
        return _short(seen.output)
    return _short(f"{seen.status} ({seen.kind}, {seen.code}): {seen.message}")


def _short(value: Json) -> str:
    text = value if isinstance(value, str) else encode(value).decode()
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
