"""``kapell models compare``: two models or routes over one workload."""

from pathlib import Path

from kapell.cli.exits import Exit
from kapell.cli.session import Session, carry_out
from kapell.cli.surroundings import Surroundings
from kapell.core.agents.messages import instructions
from kapell.core.events.model import ModelRequested
from kapell.core.gateway.routing.route import meant
from kapell.core.guardrails.labels import untrusted
from kapell.core.policies.caller import Caller
from kapell.core.runs.decide.steps.requests import agent_of_step, schema_of_step
from kapell.kit.errors import Invalid
from kapell.kit.money import text as money
from kapell.kit.money import usd
from kapell.services.gateway.comparing import Contrast, Item, Side, contrast, read_workload

SHOWN = 5
"""Differences that are shown."""

_WIDE = 60


def compare_models(
    surroundings: Surroundings,
    names: tuple[str, str],
    workload: str,
    run: str,
    *,
    limit: int,
    concurrency: int,
    as_json: bool,
) -> Exit:
    """Ask both every item of a workload and write what came of it."""

    async def work(session: Session) -> Exit:
        app = session.app
        meanings = app.settings.definitions.routes
        sides = meant(names[0], meanings), meant(names[1], meanings)
        for name in sides:
            app.gateway.check(name)
            await app.prices.warm(name)  # a call without a price could not be told of
        items = await _items(session, workload, run)
        if limit:
            items = items[:limit]
        caller = Caller(
            tenant=app.tenant,
            subject=app.identity.actor,
            profile=app.settings.guardrails.profile,
        )
        act = app.audit.auditor.act
        await act("models.compare", ", ".join(sides), "requested", calls=2 * len(items))
        found = await contrast(
            app.gateway, app.prices.quote, sides, items, caller=caller, concurrency=concurrency
        )
        failed = found.first.failed + found.second.failed
        await act("models.compare", ", ".join(sides), "answered", failed=failed)
        if as_json:
            session.screen.document(_document(found))
        else:
            _show(session, found)
        return Exit.FAILED if found.first.failed or found.second.failed else Exit.OK

    return carry_out(surroundings, work)


async def _items(session: Session, workload: str, run: str) -> list[Item]:
    """Return the workload of a file, or the prompts that a run has sent."""
    if bool(workload) == bool(run):
        raise Invalid(
            "It is not said over which workload to compare.",
            code="workload_unsaid",
            advice="Name one of both: --workload FILE, or --run RUN for the prompts of a run.",
        )
    if workload:
        try:
            data = Path(workload).read_bytes()  # noqa: ASYNC240 - read once, before anything begins
        except OSError as error:
            raise Invalid(
                f"{workload} cannot be read: {error.strerror}.",
                code="workload_unreadable",
                advice="Name a file of one JSON object a line.",
            ) from error
        return read_workload(data, workload)
    app = session.app
    events = await app.histories.events(await session.find(run))
    program, state = await app.histories.state(events)
    found = []
    for event in events:
        payload = event.payload
        if isinstance(payload, ModelRequested) and payload.turn == 1 and not payload.judges:
            step = state.steps[payload.path]
            item = Item(
                prompt=str(await app.histories.value(payload.prompt)),
                instructions=instructions(agent_of_step(program, step)),
                schema=schema_of_step(program, step),
                max_output=payload.max_output,
                subject=state.subject,
                trust="untrusted" if untrusted(payload.label) else "trusted",
            )
            found.append(item)
    if not found:
        raise Invalid(
            f"The run {run} asked no model.",
            code="workload_empty",
            advice="Name a run with model calls: `kapell costs --by run` shows them.",
        )
    return found


def _show(session: Session, found: Contrast) -> None:
    screen = session.screen
    heads = ("", "calls", "failed", "input", "output", "cost", "middle", "95 of 100")
    rows = [_cells(side) for side in (found.first, found.second)]
    screen.table(heads, rows, right=(1, 2, 3, 4, 5, 6, 7))
    for side in (found.first, found.second):
        who = ", ".join(f"{model} x{count}" for model, count in side.models.items())
        screen.show(f"\n{side.name}: {who or 'nobody answered'}")
        for code, count in side.codes.items():
            screen.show(f"  {count} failed: {code}")
    if found.saving is not None:
        screen.show(f"\n{found.second.name} costs {100 * found.saving:.1f} % less")
    screen.show(
        f"\n{len(found.differences)} of {found.compared} answers differ "
        f"({100 * found.disagreement:.0f} %); {100 * found.overlap:.0f} % of the words are shared"
    )
    for one in sorted(found.differences, key=lambda one: (one.overlap, one.number))[:SHOWN]:
        screen.show(f"  {100 * one.overlap:3.0f} %  {_short(one.prompt)}")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDE else f"{line[: _WIDE - 3]}..."


def _cells(side: Side) -> tuple[str, ...]:
    return (
        side.name,
        str(side.calls),
        str(side.failed),
        f"{side.input_tokens:,}",
        f"{side.output_tokens:,}",
        money(side.usd),
        f"{side.median:.2f} s",
        f"{side.late:.2f} s",
    )


def _document(found: Contrast) -> dict[str, object]:
    return {
        "first": _side(found.first),
        "second": _side(found.second),
        "compared": found.compared,
        "saving": found.saving,
        "disagreement": found.disagreement,
        "overlap": found.overlap,
        "differences": [
            {
                "item": one.number,
                "prompt": one.prompt,
                "overlap": one.overlap,
                "first": one.first,
                "second": one.second,
            }
            for one in found.differences
        ],
    }


def _side(side: Side) -> dict[str, object]:
    return {
        "name": side.name,
        "calls": side.calls,
        "failed": side.failed,
        "usd": usd(side.usd),
        "input_tokens": side.input_tokens,
        "output_tokens": side.output_tokens,
        "median_seconds": side.median,
        "late_seconds": side.late,
        "models": dict(side.models),
        "codes": dict(side.codes),
    }
