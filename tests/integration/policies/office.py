"""Calls that policies judge in these tests."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from kapell.core.approvals.held import Held
from kapell.core.guardrails.labels import Label
from kapell.core.policies.caller import Caller
from kapell.core.policies.judgement import Judgement
from kapell.core.policies.notes import Fact
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import KapellError
from kapell.kit.ids import LOCAL, RunId
from kapell.kit.json import Json
from kapell.services.policies.gates import PolicyToolGate
from kapell.services.policies.policies import Policies
from kapell.services.tools.ports import ToolCall

NOON = datetime(2026, 3, 2, 12, 30, tzinfo=UTC).timestamp()
"""A Monday."""


class Noon:
    """A clock that stands still."""

    def now(self) -> float:
        return NOON


def spec(
    name: str = "mail.send",
    effects: Literal["read", "write", "external"] = "external",
    *,
    reaches: bool = False,
    accepts: Literal["trusted", "any"] | Label | None = None,
) -> ToolSpec:
    return ToolSpec(
        name=name,
        description="A tool.",
        args={"type": "object"},
        effects=effects,
        reaches=reaches,
        accepts=accepts,
    )


def call(
    args: Json = None,
    *,
    tool: str = "mail.send",
    agent: str = "secretary",
    asked: bool = True,
    labels: Mapping[str, Label] | None = None,
    tenant: str = "local",
    profile: str = "",
    approved: str = "",
    capabilities: tuple[str, ...] = (),
) -> ToolCall:
    caller = Caller(
        tenant=tenant,
        subject="user:anna",
        run_id="r1",
        workflow="letters",
        path="write",
        agent=agent,
        capabilities=capabilities,
        asked=asked,
        labels=labels or {},
        profile=profile,
        approved=approved,
        grants={"kapell.tool.a": approved} if approved else {},
    )
    return ToolCall(
        tenant_id=LOCAL,
        run_id=RunId("r1"),
        call="c1",
        tool=tool,
        args={} if args is None else args,
        key="k",
        timeout=None,
        workspace="/w",
        folder="/w/r",
        caller=caller,
    )


class Said:
    """What a gate said to a call: the judgement it noted, and what it raised."""

    def __init__(self, judgement: Judgement | None, raised: KapellError | Held | None) -> None:
        self.judgement = judgement
        self.raised = raised

    @property
    def outcome(self) -> tuple[str, str]:
        """Return the ruling and the deciding rule."""
        assert self.judgement is not None, self.raised
        return self.judgement.ruling, self.judgement.rule


async def asked(policies: Policies, made: ToolCall, of: ToolSpec | None = None) -> Said:
    """Return what the policies say to a call."""
    facts: list[Fact] = []
    raised: KapellError | Held | None = None
    try:
        await PolicyToolGate(policies).before(of or spec(made.tool), made, facts.append)
    except (KapellError, Held) as error:
        raised = error
    judgements = [one for one in facts if isinstance(one, Judgement)]
    assert len(judgements) < 2
    return Said(judgements[0] if judgements else None, raised)


def judged(policies: Policies, made: ToolCall, of: ToolSpec | None = None) -> Said:
    """Return what the policies say to one call, in a loop of its own."""
    return asyncio.run(asked(policies, made, of))
