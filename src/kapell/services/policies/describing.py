"""What rules read of a call: the documents of the questions that gates ask."""

from collections.abc import Mapping
from typing import Literal, TypedDict

from kapell.core.gateway.calls import ModelRequest
from kapell.core.guardrails.labels import joined, untrusted
from kapell.core.guardrails.standing import ProfileName, stricter
from kapell.core.policies.asking.documents import (
    AgentPart,
    DataPart,
    LabelPart,
    ModelDocument,
    ModelPart,
    ReachPart,
    RunPart,
    TimePart,
    ToolDocument,
    ToolPart,
)
from kapell.core.policies.asking.reach import data_of, reach_of
from kapell.core.policies.caller import Caller
from kapell.core.tools.spec import ToolSpec, accepts, outside
from kapell.kit.json import Json
from kapell.kit.money import usd
from kapell.services.policies.policies import Terms

_PROFILES: Mapping[str, ProfileName] = {"strict": "strict", "off": "off"}


def tool_document(
    spec: ToolSpec, args: Json, caller: Caller, terms: Terms, now: TimePart, *, data: bool = True
) -> ToolDocument:
    """Return what rules read of a call; ``data`` says whether any looks at which it touches."""
    origins = joined(caller.labels.values())
    return ToolDocument(
        **described(caller, now, terms.least),
        tool=ToolPart(
            name=spec.name,
            effects=spec.effects,
            trust=spec.trust,
            reaches=spec.reaches,
            accepts=_accepts(spec),
            repeatable=spec.repeatable,
            cost=usd(spec.cost),
        ),
        args=args,
        asked=caller.asked,
        reach=reach_of(args, terms.listed) if outside(spec) else ReachPart(),
        data=data_of(spec.args, args) if data else DataPart(),
        labels=LabelPart(
            origins=origins,
            args=caller.labels,
            untrusted=untrusted(origins),
            accepted=accepts(spec, caller.labels),
        ),
        allow=terms.allow,
    )


def _accepts(spec: ToolSpec) -> Literal["", "trusted", "some", "any"]:
    if spec.accepts is None:
        return ""
    return spec.accepts if isinstance(spec.accepts, str) else "some"


def model_document(
    request: ModelRequest, now: TimePart, least: ProfileName = "off"
) -> ModelDocument:
    """Return what rules read of a request to a model."""
    origins = joined(request.caller.labels.values())
    provider, colon, _ = request.model.partition(":")
    return ModelDocument(
        **described(request.caller, now, least),
        model=ModelPart(
            name=request.model,
            provider=provider if colon or provider == "offline" else "",
            max_output=request.max_output,
            tools=tuple(offered.name for offered in request.tools),
        ),
        labels=LabelPart(origins=origins, args=request.caller.labels, untrusted=untrusted(origins)),
    )


class Described(TypedDict):
    """What every question says of whom it is asked for."""

    tenant: str
    subject: str
    conversation: str
    run: RunPart
    agent: AgentPart
    profile: ProfileName
    time: TimePart


def described(caller: Caller, now: TimePart, least: ProfileName) -> Described:
    """Return what every question says of whom it is asked for; no profile is below ``least``."""
    return {
        "tenant": caller.tenant,
        "subject": caller.subject,
        "conversation": caller.conversation,
        "run": RunPart(id=caller.run_id, workflow=caller.workflow, path=caller.path),
        "agent": AgentPart(name=caller.agent, capabilities=caller.capabilities),
        "profile": stricter(_PROFILES.get(caller.profile, "default"), least),
        "time": now,
    }
