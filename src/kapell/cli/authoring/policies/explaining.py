"""What policies say to a call, rule by rule, as people read it."""

from typing import NamedTuple

import msgspec

from kapell.cli.exits import Exit
from kapell.cli.screen import Screen
from kapell.cli.session import Session, carry_out
from kapell.cli.surroundings import Surroundings
from kapell.core.events.envelope import Event
from kapell.core.events.guarding.guard import PolicyVerdict
from kapell.core.events.tool import ToolRequested
from kapell.core.policies.asking.documents import Document
from kapell.core.policies.ruled import Ruled
from kapell.kit.errors import Missing
from kapell.services.policies.supposing import ruled, supposed


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


def explain_recorded(surroundings: Surroundings, wanted: Recorded, *, as_json: bool) -> Exit:
    """Write what was said to the calls of a run then, and what is said to them now."""

    async def work(session: Session) -> Exit:
        app, screen = session.app, session.screen
        events = await app.histories.events(await session.find(wanted.run))
        calls = _calls(events, wanted.tool)
        if not calls:
            raise Missing(
                "The run has called no such tool.",
                code="call_unknown",
                advice="'kapell runs events' lists what it called.",
            )
        for event, call in calls:
            then = [one for one in _verdicts(events) if one.call == call.call]
            args = await app.histories.value(call.args)
            document = supposed(
                "tool",
                {
                    "args": args,
                    "asked": bool(call.ask),
                    "labels": {"args": dict(call.labels)},
                    "tenant": event.tenant_id,
                    "run": {"id": event.run_id, "path": call.path},
                },
                next((one for one in app.door.specs if one.name == call.tool), None),
                app.policies.terms,
                app.policies.now(),
            )
            now = await ruled(app.policies, document)
            if not as_json:
                screen.show(screen.styled(f"{call.tool}  {call.path}", "bold"))
                for one in then:
                    said = one.judgement
                    screen.show(f"then: {said.ruling}  by {said.rule}  ({said.version[:12]})")
                screen.show("now:")
            show_ruled(screen, document, now, as_json=as_json)
        return Exit.OK

    return carry_out(surroundings, work)


def _calls(events: tuple[Event, ...], tool: str) -> list[tuple[Event, ToolRequested]]:
    return [
        (one, one.payload)
        for one in events
        if isinstance(one.payload, ToolRequested) and tool in ("", one.payload.tool)
    ]


def _verdicts(events: tuple[Event, ...]) -> list[PolicyVerdict]:
    return [one.payload for one in events if isinstance(one.payload, PolicyVerdict)]
