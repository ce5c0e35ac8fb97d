"""The gates in which policies stand: before every call of a tool, before every call of a model."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import msgspec

from kapell.core.approvals.question import call_digest
from kapell.core.gateway.calls import ModelAnswer, ModelRequest
from kapell.core.gateway.sending import sent
from kapell.core.policies.answers import Fired
from kapell.core.policies.notes import Note
from kapell.core.policies.ruled import Ruled
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Denied
from kapell.kit.json import Json
from kapell.services.gateway.ports import OnDelta
from kapell.services.policies.describing import model_document, tool_document
from kapell.services.policies.inside import InsideRulings, facts_of
from kapell.services.policies.policies import Policies
from kapell.services.policies.questions import held, name_of, question_of, still_asked
from kapell.services.tools.ports import ToolCall, ToolResult

Mark = Callable[[ToolSpec, ToolCall], Awaitable[tuple[str, Mapping[str, str]]]]


class PolicyToolGate:
    """Lets a call through as the policies say; it judges the arguments as they will be sent.

    Args:
        policies: Who is asked.
        mark: Returns what stands for the bytes of files that a call takes outside, or nothing, and
            what the tool then has to find under their paths.
    """

    def __init__(self, policies: Policies, mark: Mark | None = None) -> None:
        self._policies = policies
        self._inside = InsideRulings()
        self._mark = mark

    async def before(self, spec: ToolSpec, call: ToolCall, note: Note) -> ToolCall:
        """Return the call when it may be made; its files are then those that people agreed to.

        Raises:
            Held: a policy wants people asked, and they have not approved of exactly this call.
            Denied: ``policy_denied``, ``policy_broken``, ``policy_failed``.
        """
        ruled = await self._ruled(spec, call)
        mark = ""
        if ruled.judgement.ruling == "ask":
            if self._mark is not None:
                mark, seen = await self._mark(spec, call)
                call = msgspec.structs.replace(call, seen=seen)
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


def _is_approved(call: ToolCall, mark: str, fired: Fired) -> bool:
    approved = call.caller.grants.get(name_of(fired, mark))
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
        if not await policies.speaks_of("model"):
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

    async def deployed(
        self, request: ModelRequest, model: str, note: Note, waits: bool = False
    ) -> None:
        """Let one of a route's models be asked for a request to the route.

        Where a rule wants people asked about this very model, they are asked about the request to
        the route, because of the same rule, as long as it ``waits``: nobody waits for people in the
        middle of a route.

        Raises:
            Held: people have to agree to the request first.
            Denied: ``policy_denied``, ``policy_broken``, ``policy_failed``.
        """
        policies = self._policies
        if model == request.model or not await policies.speaks_of("model"):
            return
        asked = msgspec.structs.replace(request, model=model)
        ruled = await policies.model(model_document(asked, policies.now(), policies.terms.least))
        if ruled.judgement.ruling == "ask":
            agreed = partial(_is_agreed, request, sent(request))
            if (left := still_asked(ruled, agreed)) is None:
                return
            ruled = left
        if ruled.judgement.ruling == "ask" and waits:
            note(ruled.judgement)
            question = question_of(ruled)
            why = f"{question.why} (the route {request.model} would ask {model})"
            question = msgspec.structs.replace(question, why=why)
            raise held(question, sent(request), policies.terms.roles)
        if ruled.judgement.ruling == "ask":
            note(msgspec.structs.replace(ruled.judgement, ruling="deny"))
            raise _in_the_middle(ruled, request.model, model)
        if ruled.judgement.ruling != "allow":
            note(ruled.judgement)
            raise denied(ruled, f"the model {model!r}")

    async def after(self, request: ModelRequest, answer: ModelAnswer, note: Note) -> ModelAnswer:
        """Return the answer: policies judge calls, not what comes of them."""
        del request, note
        return answer

    def listener(self, request: ModelRequest, on_delta: OnDelta) -> OnDelta:
        """Return who listens already."""
        del request
        return on_delta


def _is_agreed(request: ModelRequest, asked: Json, fired: Fired) -> bool:
    approved = request.caller.grants.get(name_of(fired))
    return approved is not None and approved == call_digest(request.model, asked)


def _in_the_middle(ruled: Ruled, route: str, model: str) -> Denied:
    return Denied(
        f"The policy {ruled.judgement.rule!r} wants people asked about the model {model!r}, which "
        f"the route {route!r} came to after another one had failed.",
        code="policy_denied",
        advice=f"A rule wants people asked about {model!r}, and nobody waits for them in the "
        f'middle of a route: let the rule speak of the route, `input.model.name == "{route}"`, so '
        "that they are asked before it asks anybody; or put the model first in the route, or leave "
        "it out.",
    )


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
