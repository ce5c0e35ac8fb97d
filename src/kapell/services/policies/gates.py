"""The gates in which policies stand: before every call of a tool, before every call of a model."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Literal, TypedDict

import msgspec

from kapell.core.approvals.question import call_digest, marked_rule
from kapell.core.gateway.calls import ModelAnswer, ModelRequest
from kapell.core.gateway.sending import sent
from kapell.core.guardrails.labels import joined, untrusted
from kapell.core.guardrails.standing import ProfileName, stricter
from kapell.core.policies.asking.documents import (
    AgentPart,
    DataPart,
    LabelPart,
    ModelDocument,
    ModelPart,
    Profile,
    ReachPart,
    RunPart,
    TimePart,
    ToolDocument,
    ToolPart,
)
from kapell.core.policies.asking.reach import data_of, reach_of
from kapell.core.policies.caller import Caller
from kapell.core.policies.notes import Note
from kapell.core.policies.ruled import Ruled
from kapell.core.tools.spec import ToolSpec, accepts
from kapell.kit.errors import Denied
from kapell.kit.json import Json
from kapell.kit.money import usd
from kapell.services.gateway.ports import OnDelta
from kapell.services.policies.inside import InsideRulings, facts_of
from kapell.services.policies.policies import Policies, Terms
from kapell.services.policies.questions import held, question_of, still_asked
from kapell.services.tools.ports import ToolCall, ToolResult

Mark = Callable[[ToolSpec, ToolCall], Awaitable[str]]

_PROFILES: Mapping[str, Profile] = {"strict": "strict", "off": "off"}


class PolicyToolGate:
    """Lets a call through as the policies say; it judges the arguments as they will be sent.

    Args:
        policies: Who is asked.
        mark: Returns what stands for the bytes of files that a call takes outside, or nothing.
    """

    def __init__(self, policies: Policies, mark: Mark | None = None) -> None:
        self._policies = policies
        self._inside = InsideRulings()
        self._mark = mark

    async def before(self, spec: ToolSpec, call: ToolCall, note: Note) -> ToolCall:
        """Return the call unchanged when it may be made.

        Raises:
            Held: a policy wants people asked, and they have not approved of exactly this call.
            Denied: ``policy_denied``, ``policy_broken``, ``policy_failed``.
        """
        ruled = await self._ruled(spec, call)
        mark = ""
        if ruled.judgement.ruling == "ask":
            mark = "" if self._mark is None else await self._mark(spec, call)
            left = still_asked(ruled, partial(_is_approved, call, mark))
            if left is None:
                note(msgspec.structs.replace(ruled.judgement, ruling="allow", reason=_APPROVED))
                return call
            ruled = left
        note(ruled.judgement)
        if ruled.judgement.ruling == "deny":
            raise denied(ruled, f"the tool {spec.name!r}")
        if ruled.judgement.ruling == "ask":
            roles = self._policies.terms.roles
            raise held(question_of(ruled, mark), call.args, roles)
        return call

    async def _ruled(self, spec: ToolSpec, call: ToolCall) -> Ruled:
        policies = self._policies
        # Files may change at any time: what is not looked at is not looked at by those who judge.
        version = await policies.current.version()
        facts = facts_of(version, spec, call.caller, policies.terms)
        ruled = self._inside.of(facts)
        if ruled is None:
            document = tool_document(
                spec,
                call.args,
                call.caller,
                policies.terms,
                policies.now(),
                data=version.looks_at("data"),
            )
            ruled = await policies.tool(document, version)
            self._inside.keep(facts, ruled)
        return ruled

    async def after(
        self, spec: ToolSpec, call: ToolCall, result: ToolResult, note: Note
    ) -> ToolResult:
        """Return the result: policies judge calls, not what comes of them."""
        del spec, call, note
        return result


_APPROVED = "people approved of exactly this call"


def _is_approved(call: ToolCall, mark: str, rule: str) -> bool:
    approved = call.caller.grants.get(marked_rule(rule, mark))
    return approved is not None and approved == call_digest(call.tool, call.args)


class PolicyModelGate:
    """Asks the rules about models, where the workspace has any."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    async def before(self, request: ModelRequest, note: Note) -> ModelRequest:
        """Return the request unchanged when it may be sent.

        Raises:
            Held: a policy wants people asked.
            Denied: ``policy_denied``, ``policy_broken``, ``policy_failed``.
        """
        policies = self._policies
        if not await policies.speaks_of("kapell.model"):
            return request
        document = model_document(request, policies.now(), policies.terms.least)
        ruled = await policies.model(document)
        if ruled.judgement.ruling == "ask":
            left = still_asked(ruled, partial(_is_agreed, request, sent(request)))
            if left is None:
                note(msgspec.structs.replace(ruled.judgement, ruling="allow", reason=_APPROVED))
                return request
            ruled = left
        note(ruled.judgement)
        if ruled.judgement.ruling == "deny":
            raise denied(ruled, f"the model {request.model!r}")
        if ruled.judgement.ruling == "ask":
            raise held(question_of(ruled), sent(request), policies.terms.roles)
        return request

    async def deployed(self, request: ModelRequest, model: str, note: Note) -> None:
        """Let one of a route's models be asked for a request to the route.

        Nobody waits for people in the middle of a route: where a rule wants them asked about this
        very model, they must have agreed to the request to the route because of the same rule.

        Raises:
            Denied: ``policy_denied``, ``policy_broken``, ``policy_failed``.
        """
        policies = self._policies
        if model == request.model or not await policies.speaks_of("kapell.model"):
            return
        asked = msgspec.structs.replace(request, model=model)
        ruled = await policies.model(model_document(asked, policies.now(), policies.terms.least))
        if ruled.judgement.ruling == "ask":
            agreed = partial(_is_agreed, request, sent(request))
            if (left := still_asked(ruled, agreed)) is None:
                return
            ruled = left
        if ruled.judgement.ruling != "allow":
            note(msgspec.structs.replace(ruled.judgement, ruling="deny"))
            raise denied(ruled, f"the model {model!r}")

    async def after(self, request: ModelRequest, answer: ModelAnswer, note: Note) -> ModelAnswer:
        """Return the answer: policies judge calls, not what comes of them."""
        del request, note
        return answer

    def listener(self, request: ModelRequest, on_delta: OnDelta) -> OnDelta:
        """Return who listens already."""
        del request
        return on_delta


def _is_agreed(request: ModelRequest, asked: Json, rule: str) -> bool:
    approved = request.caller.grants.get(rule)
    return approved is not None and approved == call_digest(request.model, asked)


def denied(ruled: Ruled, what: str) -> Denied:
    """Return the error of a call that a policy forbids, as people read it."""
    judgement = ruled.judgement
    rule = f"The policy {judgement.rule!r}" if judgement.rule else "The policies"
    reason = f": {judgement.reason}" if judgement.reason else ""
    return Denied(
        f"{rule} forbids {what}{reason}.",
        code="policy_denied",
        advice="Do without it, or let a rule in policies/*.rego allow it; "
        "`kapell policy explain` shows which rules spoke.",
    )


def tool_document(
    spec: ToolSpec, args: Json, caller: Caller, terms: Terms, now: TimePart, *, data: bool = True
) -> ToolDocument:
    """Return what rules read of a call; ``data`` says whether any looks at which it touches."""
    origins = joined(caller.labels.values())
    outside = spec.reaches or spec.effects == "external"
    return ToolDocument(
        **_common(caller, now, terms.least),
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
        reach=reach_of(args, terms.listed) if outside else ReachPart(),
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
        **_common(request.caller, now, least),
        model=ModelPart(
            name=request.model,
            provider=provider if colon or provider == "offline" else "",
            max_output=request.max_output,
            tools=tuple(offered.name for offered in request.tools),
        ),
        labels=LabelPart(origins=origins, args=request.caller.labels, untrusted=untrusted(origins)),
    )


class _Common(TypedDict):
    tenant: str
    subject: str
    conversation: str
    run: RunPart
    agent: AgentPart
    profile: Profile
    time: TimePart


def _common(caller: Caller, now: TimePart, least: ProfileName) -> _Common:
    return {
        "tenant": caller.tenant,
        "subject": caller.subject,
        "conversation": caller.conversation,
        "run": RunPart(id=caller.run_id, workflow=caller.workflow, path=caller.path),
        "agent": AgentPart(name=caller.agent, capabilities=caller.capabilities),
        "profile": stricter(_PROFILES.get(caller.profile, "default"), least),
        "time": now,
    }
