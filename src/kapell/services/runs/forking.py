"""What-if: forks, restarts, and taking a fork's outcome over."""

import contextlib
from collections.abc import Mapping, Sequence

import msgspec

from kapell.core.definitions.nearest import hint
from kapell.core.events.envelope import COPIED, Event
from kapell.core.events.guarding.approval import ApprovalAnswered
from kapell.core.events.run import Origin, RunForked, RunQueued
from kapell.core.events.step import StepStarted, StepSucceeded
from kapell.core.events.tool import ToolRequested
from kapell.core.events.value import Packing
from kapell.core.guardrails.labels import USER, Label, label_of, masks_of
from kapell.core.limits.rates import Asker
from kapell.core.runs.changes import row_of
from kapell.core.runs.commands import Merge
from kapell.core.runs.fold import fold, tree
from kapell.core.runs.repeats import external, repeated
from kapell.core.runs.state import State
from kapell.core.runs.status import RunStatus
from kapell.core.workflows.inputs import bind, given_labels
from kapell.kit.errors import Bug, Conflict, Invalid, Missing
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.limits.admission import Admission
from kapell.services.runs.envelopes import enveloped, for_whom
from kapell.services.runs.ports import NewRun, RunReader, RunStarts
from kapell.services.runs.reading import Histories
from kapell.services.runs.starting import Identity, RunRules, new_run
from kapell.services.runs.telling import Teller, unanswered


class Forker:
    """Makes runs from runs."""

    def __init__(
        self,
        identity: Identity,
        starts: RunStarts,
        reader: RunReader,
        histories: Histories,
        teller: Teller,
        admission: Admission,
        rules: RunRules | None = None,
    ) -> None:
        self._identity = identity
        self._rules = rules
        self._starts = starts
        self._reader = reader
        self._histories = histories
        self._teller = teller
        self._admission = admission

    async def fork(
        self,
        run: RunId,
        *,
        at: str | int | None = None,
        inputs: Mapping[str, Json] | None = None,
        output: Json | msgspec.UnsetType = msgspec.UNSET,
        repeat_external: bool = False,
        asker: Asker | None = None,
    ) -> RunId:
        """Begin a run with another's past.

        Args:
            run: The run to fork.
            at: The step that shall begin anew (with ``output``: the one whose result is replaced),
                a sequence number, or None for the whole log.
            inputs: Inputs to change; the others stay.
            output: The result to put in place of the step's at ``at``.
            repeat_external: Consent to call again tools that must not be repeated.
            asker: Who asks for it; the person at this terminal when nobody is named.

        Raises:
            Limited: ``rate_limited``; Denied: ``breaker_open``.
            Missing: ``run_unknown``, ``step_unknown``.
            Conflict: ``fork_repeats_external`` without consent; ``fork_approved`` for other inputs
                than those that people have agreed to.
            Denied: ``approval_unanswered`` for an output that people are to answer.
        """
        await self._admit(asker)
        events = await self._histories.events(run)
        replaced = output is not msgspec.UNSET
        kept = events[: _cut(events, at, replaced)]
        packing = Packing({})
        changed, labels = None, dict[str, Label]()
        if inputs is not None:
            changed, labels = await self._inputs(kept, inputs)
        forked = RunForked(
            run,
            len(kept),
            inputs=None if changed is None else packing.pack(changed),
            path=at if replaced and isinstance(at, str) else "",
            output=packing.pack(output) if not isinstance(output, msgspec.UnsetType) else None,
            repeat_external=repeat_external,
            labels=labels,
            whence=self._identity.whence,
        )
        made, state = await self._copy(kept, forked, packing)
        await self._refuse_answer(run, state, forked.path)
        await self._ruled(state.request)
        if not repeat_external:
            await self._refuse_repeats(events, len(kept), state)
        (started,) = await self._starts.start([made])
        return started.run_id

    async def _ruled(self, request: RunQueued) -> None:
        """Ask the rules whether such a run may begin now, whenever it was begun before."""
        if self._rules is None:
            return
        who, program = self._identity, await self._histories.program(request.version)
        await self._rules.may_begin(
            who.tenant,
            who.actor,
            request.workflow,
            (program.version.budget, request.budget),
            request.model or "",
            request.guards.profile,
        )

    async def _refuse_answer(self, run: RunId, state: State, path: str) -> None:
        """Refuse to give what only an answer of people may be."""
        step = state.steps.get(path)
        if step is None:
            return
        program = await self._histories.program(state.request.version)
        if program.people_answer(tree.place_of(program, step)):
            error = unanswered(path, "fork there without a result")
            who = self._identity
            await self._admission.refused(who.actor, who.whence, f"fork {run}", error)
            raise error

    async def _refuse_repeats(self, events: Sequence[Event], kept: int, state: State) -> None:
        payloads = [event.payload for event in events]
        again = list(repeated(payloads, kept, state))
        while again:
            what = again.pop(0)
            if isinstance(what, ToolRequested):
                raise Conflict(
                    f"The fork would call {what.tool!r} again at {what.path}; it must not be "
                    "repeated.",
                    code="fork_repeats_external",
                    advice="Fork at a later step, or allow it with --repeat-external.",
                )
            with contextlib.suppress(Missing):  # a child run that is not kept any more
                inner = await self._histories.events(RunId(what.run_id))
                again += [one for _, one in external([event.payload for event in inner])]

    async def _inputs(
        self, kept: Sequence[Event], changes: Mapping[str, Json]
    ) -> tuple[Mapping[str, Json], dict[str, Label]]:
        """Return the new inputs with their labels: what is changed is the word of who forks."""
        program, state = await self._histories.state(kept)
        old = await self._histories.value(state.request.inputs)
        given = {**old, **changes} if isinstance(old, dict) else dict(changes)
        bound = bind(program.version, given)
        if bound != old:
            _refuse_agreed(kept)
        masks = {**masks_of(state.request.labels), **dict.fromkeys(changes, USER)}
        return bound, given_labels(program.version, bound, masks)

    async def _copy(
        self, kept: Sequence[Event], forked: RunForked, packing: Packing
    ) -> tuple[NewRun, State]:
        """Return the fork, its prefix copied: same facts, own address, marked by their cause."""
        who = self._identity
        run_id = RunId(who.new_id())
        copied = []
        for event in kept:
            payload = event.payload
            if isinstance(payload, RunQueued):
                origin = Origin("fork", forked.run_id, forked.seq)
                payload = msgspec.structs.replace(
                    payload,
                    origin=origin,
                    key="",
                    subject=for_whom(event, who.actor),
                    imported=min(payload.imported, len(kept)),
                )
            copied.append(
                msgspec.structs.replace(
                    event,
                    id=f"{run_id}-{event.seq}",
                    run_id=run_id,
                    payload=payload,
                    causation_id=f"{COPIED}{event.id}",
                )
            )
        now = who.clock.now()
        copied += enveloped(
            [forked],
            tenant_id=who.tenant,
            run_id=run_id,
            after=len(copied),
            at=now,
            correlation_id=kept[0].correlation_id,
            causation_id=f"fork:{forked.run_id}",
            actor=who.actor,
            nonce=run_id,
        )
        request = copied[0].payload
        if not isinstance(request, RunQueued):
            raise Bug("The run's log does not begin with run.queued.", code="log_broken")
        state = fold(await self._histories.program(request.version), copied)
        made = NewRun(
            tenant_id=who.tenant,
            run_id=run_id,
            workflow=request.workflow,
            version=request.version,
            events=tuple(copied),
            artifacts=packing.artifacts,
            row=row_of(state, None),
            priority=request.priority,
            forked_from=forked.run_id,
        )
        return made, state

    async def restart(self, run: RunId, *, asker: Asker | None = None) -> RunId:
        """Begin a run of the same version with the same inputs, from the beginning.

        It acts for whoever restarts it.

        Raises:
            Limited: ``rate_limited``; Denied: ``breaker_open``.
        """
        await self._admit(asker)
        (first,) = await self._histories.events(run, up_to=1)
        request = first.payload
        if not isinstance(request, RunQueued):
            raise Bug("The run's log does not begin with run.queued.", code="log_broken")
        request = msgspec.structs.replace(
            request,
            origin=Origin("restart", run),
            key="",
            scheduled_for=None,
            forecast=None,
            subject="",
            whence=self._identity.whence,
            imported=0,
        )
        await self._ruled(request)
        made = new_run(self._identity, request, {}, self._identity.clock.now())
        (started,) = await self._starts.start([made])
        return started.run_id

    async def _admit(self, asker: Asker | None) -> None:
        """Count a run that is made of another as one that is begun."""
        await self._admission.begin(self._identity.tenant, asker or self._identity.asker)

    async def merge(self, run: RunId, fork: RunId) -> None:
        """Let a run adopt the outcome of one of its forks.

        Raises:
            Conflict: ``merge_foreign`` for a run that is no fork of it, ``merge_unfinished`` for a
                fork that has not succeeded, ``run_busy`` while the run itself is under way.
        """
        who = self._identity
        original = await self._reader.run(who.tenant, run)
        other = await self._reader.run(who.tenant, fork)
        if other.forked_from != run:
            raise Conflict(
                f"{fork} is no fork of {run}.",
                code="merge_foreign",
                advice="Name the run that was forked, then its fork.",
            )
        if other.status is not RunStatus.SUCCEEDED:
            raise Conflict(
                f"The fork has {other.status}; only what succeeded can be adopted.",
                code="merge_unfinished",
                advice="Wait until it succeeds, or mend it.",
            )
        if original.status in {RunStatus.RUNNING, RunStatus.QUEUED, RunStatus.ASSIGNED}:
            raise Conflict(
                "The run itself is under way.",
                code="run_busy",
                advice="Cancel it, or wait until it ends.",
            )
        _, state = await self._histories.state(await self._histories.events(fork))
        output = await self._histories.value(state.output)
        key = f"merge:{fork}:{other.generation}:{original.generation}"
        await self._teller.send(run, Merge(fork, output, label_of(state.label)), key)


def _refuse_agreed(kept: Sequence[Event]) -> None:
    """Refuse other inputs than those that people have agreed to: they did not see these."""
    for event in kept:
        answer = event.payload
        if isinstance(answer, ApprovalAnswered) and answer.approved and not answer.call:
            raise Conflict(
                f"People have agreed to {answer.path!r} with the inputs as they were.",
                code="fork_approved",
                advice=f"Fork at {answer.path!r}, or before it: they are asked anew.",
            )


def _cut(events: Sequence[Event], at: str | int | None, replaced: bool) -> int:
    """Return how many events the fork keeps."""
    if at is None:
        return len(events)
    if isinstance(at, int):
        if not 1 <= at <= len(events):
            raise Invalid(
                f"The run has {len(events)} events; there is no number {at}.",
                code="event_number",
                advice=f"Give a number from 1 to {len(events)}; 'kapell runs events' lists them.",
            )
        return at
    for number, event in enumerate(events):
        payload = event.payload
        if replaced and isinstance(payload, StepSucceeded) and payload.path == at:
            return number + 1
        if not replaced and isinstance(payload, StepStarted) and payload.path == at:
            return number
    wanted = StepSucceeded if replaced else StepStarted
    paths = [one.payload.path for one in events if isinstance(one.payload, wanted)]
    verb = "succeeded" if replaced else "began"
    raise Missing(
        f"No step run {at!r} {verb} in this run.",
        code="step_unknown",
        advice=hint(at, dict.fromkeys(paths), f"What {verb}")
        or "No step has: give an event's number, or fork all of it.",
    )
