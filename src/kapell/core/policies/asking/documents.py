"""What rules read as ``input``, one struct for each kind of question.

Every field is always there, empty where it means nothing: a rule about a field that is missing
would be undefined, and an undefined ``deny`` denies nothing.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from kapell.core.guardrails.labels import Origin
from kapell.core.guardrails.standing import ProfileName
from kapell.core.policies.kinds import Kind
from kapell.kit.json import Json

Weekday: TypeAlias = Literal[
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
]


_DAY = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"


class TimePart(msgspec.Struct, frozen=True):
    """When the question is asked, in the zone that the settings name."""

    iso: Annotated[
        str,
        Meta(
            description="As RFC 3339, such as 2026-03-01T09:30:00+01:00.",
            pattern=rf"^({_DAY}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}[0-9.]*(Z|[+-][0-9:]+))?$",
        ),
    ] = ""
    unix: Annotated[int, Meta(description="Seconds since 1970.", ge=0)] = 0
    date: Annotated[
        str, Meta(description="The day, such as 2026-03-01.", pattern=f"^({_DAY})?$")
    ] = ""
    hour: Annotated[int, Meta(description="0 to 23.", ge=0, le=23)] = 0
    minute: Annotated[int, Meta(description="0 to 59.", ge=0, le=59)] = 0
    weekday: Weekday = "monday"


class RunPart(msgspec.Struct, frozen=True):
    """The run out of which the question comes; empty texts when it comes out of none."""

    id: str = ""
    workflow: Annotated[str, Meta(description="The name of the workflow.")] = ""
    path: Annotated[str, Meta(description="The path of the step run, such as triage[3].")] = ""


class AgentPart(msgspec.Struct, frozen=True):
    """The agent on whose behalf a call is made; an empty name when it is the workflow's own."""

    name: str = ""
    capabilities: tuple[str, ...] = ()


class AllowPart(msgspec.Struct, frozen=True):
    """The allow-lists of the settings, in their own patterns; empty: there is none."""

    domains: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()


class ToolPart(msgspec.Struct, frozen=True):
    """What a tool says of itself."""

    name: str = ""
    effects: Literal["read", "write", "external"] = "read"
    trust: Literal["trusted", "untrusted"] = "trusted"
    reaches: Annotated[
        bool, Meta(description="Whether a call reaches outside, if only to read there.")
    ] = False
    accepts: Annotated[
        Literal["", "trusted", "some", "any"],
        Meta(description="Whose words it says to take; empty: it says nothing."),
    ] = ""
    repeatable: bool = True
    cost: Annotated[float, Meta(description="US dollars a call costs.", ge=0)] = 0.0

    @property
    def outside(self) -> bool:
        """Tell whether a call leaves this machine, to change something there or only to read."""
        return self.effects == "external" or self.reaches


class ReachPart(msgspec.Struct, frozen=True):
    """Where a call reaches, as far as its arguments show it."""

    domains: Annotated[tuple[str, ...], Meta(description="Hosts, in lower case.")] = ()
    recipients: Annotated[tuple[str, ...], Meta(description="Addresses, in lower case.")] = ()
    unlisted_domains: Annotated[
        tuple[str, ...], Meta(description="Those of them that no allow-list names.")
    ] = ()
    unlisted_recipients: Annotated[
        tuple[str, ...], Meta(description="Those of them that no allow-list names.")
    ] = ()


class DataPart(msgspec.Struct, frozen=True):
    """Which data a call touches, as far as its arguments show it."""

    paths: Annotated[
        tuple[str, ...], Meta(description="Files, relative to the run's folder or the workspace.")
    ] = ()
    tables: tuple[str, ...] = ()


class LabelPart(msgspec.Struct, frozen=True):
    """Where the arguments of a call, or the prompt of a model, come from."""

    origins: Annotated[tuple[Origin, ...], Meta(description="Of all of it together.")] = ()
    args: Annotated[
        Mapping[str, tuple[Origin, ...]], Meta(description="Of each argument, by its name.")
    ] = {}
    untrusted: Annotated[bool, Meta(description="Whether strangers had a part in it.")] = False
    accepted: Annotated[
        bool, Meta(description="Whether the tool takes the words of all of them.")
    ] = True


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What every question says."""

    kind: Kind
    tenant: str = ""
    subject: Annotated[str, Meta(description="Who started the run, such as user:anna.")] = ""
    conversation: str = ""
    run: RunPart = RunPart()
    agent: AgentPart = AgentPart()
    profile: Annotated[ProfileName, Meta(description="The guardrail profile that holds.")] = (
        "default"
    )
    time: TimePart = TimePart()


class ToolDocument(Asked, frozen=True, kw_only=True):
    """A call of a tool: what rules of `kapell.tool`, `kapell.external` and `kapell.data` read."""

    kind: Literal["tool"] = "tool"
    tool: ToolPart = ToolPart()
    args: Annotated[Json, Meta(description="The arguments, exactly as they will be sent.")] = {}
    asked: Annotated[
        bool, Meta(description="Whether a model asks for the call; else a step of the workflow.")
    ] = False
    reach: ReachPart = ReachPart()
    data: DataPart = DataPart()
    labels: LabelPart = LabelPart()
    allow: AllowPart = AllowPart()


class ModelPart(msgspec.Struct, frozen=True):
    """Which model is asked, and for how much."""

    name: Annotated[str, Meta(description="`provider:name`, or the name of a route.")] = ""
    provider: Annotated[str, Meta(description="Empty for a route.")] = ""
    max_output: Annotated[int, Meta(ge=0)] = 0
    tools: Annotated[tuple[str, ...], Meta(description="The tools it is offered.")] = ()


class ModelDocument(Asked, frozen=True, kw_only=True):
    """A call of a model: what rules of `kapell.model` read."""

    kind: Literal["model"] = "model"
    model: ModelPart = ModelPart()
    labels: LabelPart = LabelPart()


class BudgetPart(msgspec.Struct, frozen=True):
    """What a run may spend; 0 where there is no ceiling."""

    cost: Annotated[float, Meta(description="US dollars.", ge=0)] = 0.0
    tokens: Annotated[int, Meta(ge=0)] = 0
    seconds: Annotated[float, Meta(ge=0)] = 0.0


class BudgetDocument(Asked, frozen=True, kw_only=True):
    """A run that is about to begin: what rules of `kapell.budget` read."""

    kind: Literal["budget"] = "budget"
    budget: BudgetPart = BudgetPart()
    model: Annotated[str, Meta(description="The model chosen for all steps, or empty.")] = ""


class ApprovalPart(msgspec.Struct, frozen=True):
    """An answer that somebody is about to give."""

    answer: Literal["approve", "reject"] = "approve"
    by: Annotated[str, Meta(description="Who answers, such as user:ben.")] = ""
    roles: tuple[str, ...] = ()
    rule: Annotated[str, Meta(description="The rule by which people are asked.")] = ""
    risk: Literal["low", "medium", "high"] = "medium"
    tool: Annotated[str, Meta(description="The tool that waits; empty for a step.")] = ""
    edited: Annotated[bool, Meta(description="Whether the arguments were changed.")] = False


class ApprovalDocument(Asked, frozen=True, kw_only=True):
    """An answer to an approval: what rules of `kapell.approval` read."""

    kind: Literal["approval"] = "approval"
    approval: ApprovalPart = ApprovalPart()
    args: Annotated[Json, Meta(description="The arguments that are approved.")] = {}


Document: TypeAlias = ToolDocument | ModelDocument | BudgetDocument | ApprovalDocument

DOCUMENTS: Mapping[str, type[Asked]] = {
    "kapell.tool": ToolDocument,
    "kapell.external": ToolDocument,
    "kapell.data": ToolDocument,
    "kapell.model": ModelDocument,
    "kapell.budget": BudgetDocument,
    "kapell.approval": ApprovalDocument,
}
"""What the rules of a package read."""
