"""What policies say to a call, rule by rule, as people read it."""

from typing import NamedTuple

import msgspec

from kapell.bootstrap.app import App
from kapell.cli.exits import Exit
from kapell.cli.screen import Screen
from kapell.cli.session import Session, carry_out
from kapell.cli.surroundings import Surroundings
from kapell.core.events.envelope import Event
from kapell.core.events.guarding.guard import PolicyVerdict
from kapell.core.events.tool import ToolRequested
from kapell.core.policies.asking.documents import Document
from kapell.core.policies.caller import Caller
from kapell.core.policies.ruled import Ruled
from kapell.core.runs.fold import fold
from kapell.kit.errors import Missing
from kapell.services.policies.describing import tool_document
from kapell.services.policies.supposing import ruled
from kapell.services.runs.advancing.effects import caller_of


class Recorded(NamedTuple):
    """Which recorded calls are meant: those of a run, or of one tool in it."""

    run: str
    tool: str


def show_ruled(screen: Screen, document: Document, found: Ruled, *, as_json: bool) -> None:
    """Write what was asked, which rules spoke, and which one decides."""
    if as_json:
        screen.document(_plain(document, found))
        return
    judgement = found.judgement
    screen.show(f"{screen.styled(judgement.ruling, 'bold')}  by {judgement.rule or 'no rule'}")
    if judgement.reason:
        screen.show(f"because {judgement.reason}")
    screen.show(f"asked: {', '.join(found.packages) or 'nobody'}")
    rows = [
        (one.ruling, one.name, one.answer.reason, "decides" if one is found.decided else "")
        for one in found.fired
    ]
    if rows:
        screen.table(("", "rule", "reason", ""), rows)
    screen.show(f"policies: {judgement.version[:12]}")


def _plain(document: Document, found: Ruled) -> dict[str, object]:
    return {
        "judgement": msgspec.to_builtins(found.judgement),
        "packages": list(found.packages),
        "fired": [
            {"ruling": one.ruling, "rule": one.name, "reason": one.answer.reason}
            for one in found.fired
        ],
        "input": msgspec.to_builtins(document),
    }


class _Call(NamedTuple):
    """A call as it was asked for, and for whom: what policies were told of it."""

    requested: ToolRequested
    caller: Caller


def explain_recorded(surroundings: Surroundings, wanted: Recorded, *, as_json: bool) -> Exit:
    """Write what was said to the calls of a run then, and what is said to them now."""

    async def work(session: Session) -> Exit:
        app, screen = session.app, session.screen
        events = await app.histories.events(await session.find(wanted.run))
        calls = await _calls(app, events, wanted.tool)
        if not calls:
            raise Missing(
                f"The run has not called {wanted.tool or 'any tool'}.",
                code="call_unknown",
                advice="'kapell runs events' lists what it called.",
            )
        said = [one.payload for one in events if isinstance(one.payload, PolicyVerdict)]
        specs = {one.name: one for one in app.door.specs}
        told: list[dict[str, object]] = []
        for call, caller in calls:
            then = [one.judgement for one in said if one.call == call.call]
            if not as_json:
                screen.show(screen.styled(f"{call.tool}  {call.path}", "bold"))
                for one in then:
                    screen.show(f"then: {one.ruling}  by {one.rule}  ({one.version[:12]})")
            now: dict[str, object] | None = None
            if (spec := specs.get(call.tool)) is not None:
                args = await app.histories.value(call.args)
                terms = app.policies.terms
                document = tool_document(spec, args, caller, terms, app.policies.now())
                found = await ruled(app.policies, document)
                now = _plain(document, found)
                if not as_json:
                    screen.show("now:")
                    show_ruled(screen, document, found, as_json=False)
            elif not as_json:
                screen.show("now: there is no such tool")
            before = [msgspec.to_builtins(one) for one in then]
            told.append({"tool": call.tool, "path": call.path, "then": before, "now": now})
        if as_json:
            screen.document(told)
        return Exit.OK

    return carry_out(surroundings, work)


async def _calls(app: App, events: tuple[Event, ...], tool: str) -> list[_Call]:
    """Return the calls of a run, each with the caller it had when it was asked for."""
    program, state = await app.histories.state(events[:1])
    found: list[_Call] = []
    for event in events[1:]:
        state = fold(program, (event,), state)
        asked = event.payload
        if isinstance(asked, ToolRequested) and tool in ("", asked.tool):
            found.append(_Call(asked, caller_of(state.calls[asked.call], program, state)))
    return found
