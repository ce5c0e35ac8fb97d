"""Effects: carrying an open call out, through the one door to models or the one door to tools."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import perf_counter
from typing import Protocol

import msgspec

from kapell.core.agents.delegation import specs_of
from kapell.core.agents.messages import messages, offer
from kapell.core.approvals.held import Held
from kapell.core.events.value import Packed, unpack
from kapell.core.gateway.calls import Message, ModelAnswer, ModelRequest
from kapell.core.gateway.routing.endings import may_be_charged, tries_of
from kapell.core.guardrails.grounding.judge import opinions
from kapell.core.guardrails.labels import WEB, labels_of
from kapell.core.policies.caller import Caller
from kapell.core.policies.notes import Fact, Note, unnoted
from kapell.core.runs.decide.steps.requests import agent_of_step, schema_of_step
from kapell.core.runs.fold.guards import profile_at
from kapell.core.runs.fold.tree import place_of
from kapell.core.runs.inputs import CallBroke, CallHeld, ModelReplied, ToolReplied
from kapell.core.runs.program import Program
from kapell.core.runs.state import OpenCall, State, StepRun
from kapell.core.tools.spec import ToolSpec
from kapell.core.workflows.version import AgentWork, AskWork
from kapell.kit.errors import Bug, Failure, KapellError, Kind
from kapell.kit.ids import is_id
from kapell.kit.json import Digest, Json
from kapell.services.runs.deltas import Deltas
from kapell.services.runs.ports import ArtifactStore
from kapell.services.tools.ports import ToolCall, ToolResult, UnknownOutcome

Reply = ModelReplied | ToolReplied | CallBroke | CallHeld

_NO_TIMEOUT = 600.0
"""Seconds a model, or a tool it asked for, may take when nothing names a timeout: an agent must not
hang for ever.
"""


class Models(Protocol):
    """The one door to models."""

    async def warm(self, model: str) -> None:
        """Make a model ready to be asked."""
        ...

    async def complete(
        self,
        request: ModelRequest,
        on_delta: Callable[[str], None] | None = None,
        intent: asyncio.Event | None = None,
        note: Note = unnoted,
    ) -> ModelAnswer:
        """Return the answer to one request; nobody is asked before ``intent`` is set."""
        ...


class Tools(Protocol):
    """The one door to tools."""

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """Return what the tools say of themselves."""
        ...

    async def call(self, call: ToolCall, note: Note = unnoted) -> ToolResult:
        """Carry out one call."""
        ...


class Sight(msgspec.Struct, frozen=True):
    """What an effect sees of its run, taken when it begins."""

    program: Program
    state: State
    values: Mapping[Digest, Json]
    now: float


class Effects:
    """Carries calls out, at most ``limit`` at a time in this process."""

    def __init__(
        self, models: Models, tools: Tools, artifacts: ArtifactStore, deltas: Deltas, limit: int
    ) -> None:
        self._models = models
        self._tools = tools
        self._artifacts = artifacts
        self._deltas = deltas
        self._slots = asyncio.Semaphore(limit)
        self._warmed: dict[str, asyncio.Task[None]] = {}
        self.specs: Mapping[str, ToolSpec] = {spec.name: spec for spec in tools.specs}

    def warm(self, models: Iterable[str]) -> None:
        """Begin to make models ready, in the background; what cannot be is said by its call."""
        for model in models:
            if model not in self._warmed:
                self._warmed[model] = asyncio.create_task(self._warm(model))

    async def _warm(self, model: str) -> None:
        with contextlib.suppress(KapellError):
            await self._models.warm(model)

    async def carry_out(
        self, call: OpenCall, sight: Sight, intent: asyncio.Event | None = None
    ) -> Reply:
        """Return how a call ended; whatever goes wrong is a reply too.

        A model call may begin before its intent is durable: it asks nobody before that is set.
        """
        began = perf_counter()
        facts: list[Fact] = []
        try:
            async with self._slots:
                began = perf_counter()
                if call.kind == "model":
                    own = not call.judges
                    request = self._request(call, sight) if own else _judgement(call, sight)
                    listener = self._listener(call, sight) if own else None
                    answer = await self._models.complete(request, listener, intent, facts.append)
                    seconds = perf_counter() - began
                    return ModelReplied(call.call, answer, seconds, tuple(facts))
                result = await self._tools.call(self._tool_call(call, sight), facts.append)
                if result.blobs:
                    await self._artifacts.put(sight.state.tenant_id, result.blobs)
                seconds = perf_counter() - began
                return ToolReplied(
                    call.call,
                    result.output,
                    result.files,
                    seconds,
                    result.trust or "trusted",
                    result.cost,
                    result.notes,
                    tuple(facts),
                )
        except Held as held:
            seconds = perf_counter() - began
            return CallHeld(call.call, held.question, held.arguments, seconds, tuple(facts))
        except UnknownOutcome as unknown:
            return _broken(call, unknown.__cause__ or unknown, began, facts, unknown=True)
        except Exception as error:
            charged = isinstance(error, KapellError) and (
                may_be_charged(error) or error.code == "guard_failed"
            )
            return _broken(call, error, began, facts, unknown=charged)

    def _listener(self, call: OpenCall, sight: Sight) -> Callable[[str], None] | None:
        if not self._deltas.wanted:
            return None
        run_id = sight.state.run_id
        return lambda text: self._deltas.tell(run_id, call.call, text)

    def _request(self, call: OpenCall, sight: Sight) -> ModelRequest:
        run = sight.state.steps[call.path]
        agent = agent_of_step(sight.program, run)
        others = specs_of(sight.program.bodies[run.body].version.agents)
        offered = {
            name: spec
            for name in call.tools
            if (spec := others.get(name) or self.specs.get(name)) is not None
        }
        said = messages(
            agent,
            _text(call.prompt, sight),
            run.turns,
            lambda packed: unpack(packed, sight.values),
            offered,
            seed=sight.state.run_id,
            dense=profile_at(sight.program, sight.state, call.path) == "strict",
            authored=_authored(sight.program, run),
        )
        timeout = _NO_TIMEOUT if call.deadline is None else max(call.deadline - sight.now, 0.001)
        return ModelRequest(
            model=call.name,
            messages=said,
            schema=schema_of_step(sight.program, run),
            tools=tuple(offer(spec) for spec in offered.values()),
            max_output=call.max_output,
            temperature=agent.temperature if agent is not None else None,
            timeout=timeout,
            idempotency_key=call.key,
            label=call.call,
            tenant=sight.state.tenant_id,
            subject=sight.state.subject,
            conversation=sight.state.correlation_id,
            trust="untrusted" if call.labels.get("", 0) & WEB else "trusted",
            cache=(agent.cache if agent is not None else None) or 0.0,
            caller=caller_of(call, sight.program, sight.state),
        )

    def _tool_call(self, call: OpenCall, sight: Sight) -> ToolCall:
        state = sight.state
        workspace = state.request.workspace
        if not is_id(state.run_id):  # it becomes the name of a folder
            raise Bug(f"{state.run_id!r} is no id of a run.", code="run_id_broken")
        return ToolCall(
            tenant_id=state.tenant_id,
            run_id=state.run_id,
            call=call.call,
            tool=call.name,
            args=unpack(call.prompt, sight.values),
            key=call.key,
            timeout=self._timeout(call, sight),
            workspace=workspace,
            folder=f"{workspace}/.kapell/runs/{state.run_id}",
            files=dict(state.files),
            caller=caller_of(call, sight.program, sight.state),
        )

    def _timeout(self, call: OpenCall, sight: Sight) -> float | None:
        """Return the seconds a tool has; None leaves it to the tool.

        A step's timeout speaks for the tool of the step. Of one that an agent asked for it says
        only by when the whole answer must be there: the tool's own timeout still holds, so that the
        agent hears of it and can go on.
        """
        left = None if call.deadline is None else max(call.deadline - sight.now, 0.001)
        if not call.ask:
            return left
        spec = self.specs.get(call.name)
        own = None if spec is None else spec.timeout
        if left is None:
            return own or _NO_TIMEOUT
        return min(left, own or left)


def _judgement(call: OpenCall, sight: Sight) -> ModelRequest:
    """Return what a judge is asked: nothing of the step's own conversation but what it judges."""
    return ModelRequest(
        model=call.name,
        messages=(
            Message(role="system", text=opinions.INSTRUCTIONS),
            Message(role="user", text=_text(call.prompt, sight)),
        ),
        schema=opinions.SCHEMA,
        max_output=call.max_output,
        temperature=0.0,
        timeout=_NO_TIMEOUT if call.deadline is None else max(call.deadline - sight.now, 0.001),
        idempotency_key=call.key,
        label=call.call,
        tenant=sight.state.tenant_id,
        subject=sight.state.subject,
        conversation=sight.state.correlation_id,
        trust="untrusted" if call.labels.get("", 0) & WEB else "trusted",
        caller=caller_of(call, sight.program, sight.state),
    )


def _text(packed: Packed, sight: Sight) -> str:
    value = unpack(packed, sight.values)
    return value if isinstance(value, str) else ""


def _authored(program: Program, run: StepRun) -> bool:
    """Tell whether a step's prompt is the author's alone: it reads nothing, and nobody changed it.

    In a prompt that reads anything, words of others may make up an order together with its own.
    """
    work = place_of(program, run).step.work
    if not isinstance(work, AgentWork | AskWork) or run.given is not None or run.ground & WEB:
        return False
    return not program.template(work.prompt).reads


def caller_of(call: OpenCall, program: Program, state: State) -> Caller:
    """Return for whom, and out of what, a call is made."""
    agent = agent_of_step(program, state.steps[call.path])
    labelled = "labels" not in state.request.guards.without
    return Caller(
        tenant=state.tenant_id,
        subject=state.subject,
        conversation=state.correlation_id,
        run_id=state.run_id,
        workflow=state.request.workflow,
        path=call.path,
        call=call.call,
        agent=agent.name if agent is not None else "",
        capabilities=tuple(agent.capabilities) if agent is not None else (),
        asked=bool(call.ask),
        profile=profile_at(program, state, call.path),
        labels=labels_of(call.labels) if labelled else {},
        labelled=labelled,
        approved=call.approved,
        grants=call.grants,
    )


def _broken(
    call: OpenCall, error: BaseException, began: float, facts: Sequence[Fact], *, unknown: bool
) -> CallBroke:
    if not isinstance(error, KapellError):
        error = Bug(
            f"The call broke in a way nobody expected ({type(error).__name__}).",
            code="effect_bug",
            advice="Report it with the run's export.",
        )
    failure, seconds = Failure.of(error, call.path), perf_counter() - began
    tries = tries_of(error)
    return CallBroke(call.call, failure, unknown, seconds, tries, tuple(facts), error.strange)


def stopped(call: OpenCall) -> CallBroke:
    """Return the reply of a call that was stopped because its run is being cancelled."""
    failure = Failure(
        "call_cancelled",
        "The run was cancelled.",
        Kind.CONFLICT,
        advice="Restart the run, or fork it, to have it called after all.",
        step=call.path,
    )
    return CallBroke(call.call, failure, unknown=True)
