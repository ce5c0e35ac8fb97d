"""One owned run: decide, append, carry effects out, wait, until it is given back or lost."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import TypeVar

import msgspec

from kapell.core.events.envelope import Event
from kapell.core.events.value import ArtifactRef
from kapell.core.expressions import DEFAULT
from kapell.core.runs.changes import changes_of, row_of
from kapell.core.runs.commands import Cancel
from kapell.core.runs.context import CHEAP, Context, Kept
from kapell.core.runs.decide import Carried, Decision, Waitlists, decide, next_due
from kapell.core.runs.fold import fold
from kapell.core.runs.inputs import (
    Claimed,
    Input,
    Poisoned,
    TimePassed,
    Told,
)
from kapell.core.runs.program import Program
from kapell.core.runs.rows import RowChange
from kapell.core.runs.state import FOLD, State
from kapell.core.runs.status import TERMINAL, RunStatus
from kapell.kit.errors import KapellError
from kapell.kit.json import Digest, Json, decode, encode
from kapell.services.runs.advancing import family
from kapell.services.runs.advancing.calls import Calls
from kapell.services.runs.advancing.desk import Desk
from kapell.services.runs.advancing.effects import Sight
from kapell.services.runs.advancing.patience import patiently
from kapell.services.runs.advancing.snapshots import WHOLE_LOG, opened, sealed
from kapell.services.runs.envelopes import enveloped
from kapell.services.runs.ports import (
    Append,
    Claim,
    InboxMessage,
    Message,
    NewRun,
    RunLost,
)

log = logging.getLogger(__name__)

SNAPSHOT_EVERY = 500
"""Events after which a snapshot is worth its writing; from then on at each growth by half, so that
all snapshots of a run together cost no more than a few times its log.
"""

T = TypeVar("T")


class Draft(msgspec.Struct):
    """An append in the making: several decisions may go into one."""

    events: list[Event] = []
    artifacts: dict[Digest, bytes] = {}
    changes: list[RowChange] = []
    consumed: list[int] = []
    decisions: list[Decision] = []
    claims: int = 0


class RunOwner:
    """Owns one run from its claim on.

    Args:
        claim: What the store gave.
        desk: What the worker's runs share.
        poisoned: Set when the run is known to kill its workers: it is put aside, not advanced.
        on_loaded: Called when the run is loaded.
        deaf: Set when what its inbox holds could not be stored: it is passed over.
    """

    def __init__(
        self,
        claim: Claim,
        desk: Desk,
        poisoned: Poisoned | None = None,
        on_loaded: Callable[[], None] | None = None,
        deaf: bool = False,
    ) -> None:
        self._on_loaded = on_loaded
        self.claim = claim
        self._desk = desk
        self._poisoned = poisoned
        self._deaf = deaf
        self._inputs: list[Input] = []
        self._inbox: list[InboxMessage] = []
        self._seen: set[int] = set()
        self._news = asyncio.Event()
        self._values: dict[Digest, Json] = {}
        self._caches: dict[str, Kept | None] = {}
        self._snapshot_at = 0
        self._carried: Carried | None = None
        self._calls = Calls(claim, desk, self)
        self._first: Draft | None = None
        self.lost = False
        self.wakes = False

    @property
    def loaded(self) -> bool:
        """Tell whether the run's log is read and folded."""
        return self._carried is not None

    @property
    def state(self) -> State:
        """Return the run as it is known here."""
        if self._carried is None:
            raise RuntimeError("the run is not loaded yet")
        return self._carried.state

    def deliver(self, messages: Sequence[InboxMessage]) -> None:
        """Take messages of the run's inbox; those taken before are passed over."""
        for message in messages:
            if message.number not in self._seen:
                self._seen.add(message.number)
                self._inbox.append(message)
        if self._inbox:
            self._news.set()

    def give_up(self) -> None:
        """The run belongs to somebody else now."""
        self.lost = True
        self._news.set()

    def hurry(self) -> None:
        """Let the owner look whether its worker is leaving."""
        self._news.set()

    async def drive(self) -> None:
        """Advance the run until it is released or lost."""
        try:
            if self._carried is None:
                await self._load()
            if self._on_loaded is not None:
                self._on_loaded()
            if await self._after_birth():
                return
            while not self.lost and not await self._turn():
                await self._next()
        except RunLost:
            self.lost = True
        finally:
            if self._carried is not None:
                self._calls.leave()
            await self._calls.report_unsaved()

    async def _load(self) -> None:
        claim, desk = self.claim, self._desk
        program = await desk.versions.program(claim.tenant_id, claim.version)
        state, _ = await asyncio.gather(self._folded(program), self._look_into_inbox())
        self._carried = Carried(program, state, Waitlists())
        if self._poisoned is not None:
            self._inputs.append(self._poisoned)
            return
        await self._warm(self._carried)
        if not self._cancelled_unseen():
            self._inputs.append(Claimed(desk.worker, claim.epoch))

    async def _folded(self, program: Program) -> State:
        """Fold the log, from a snapshot on if there is one that can be used."""
        claim, desk = self.claim, self._desk
        load = partial(desk.log.load, claim.tenant_id, claim.run_id)
        history = await self._patiently(partial(load, FOLD))
        if history.snapshot is None:
            return fold(program, history.events)
        state = opened(history.snapshot, claim)
        if state is None:
            log.warning("the snapshot of run %s is damaged: its log is read whole", claim.run_id)
            history = await self._patiently(partial(load, WHOLE_LOG))
        else:
            self._snapshot_at = state.seq
        return fold(program, history.events, state)

    async def _warm(self, carried: Carried) -> None:
        """Have the prices and doors at hand that the run will ask for."""
        override = carried.state.request.model
        models = {override} if override else set(carried.program.models())
        await self._desk.quotes.warm(models)
        self._desk.effects.warm(models)

    async def begin(self, new: NewRun) -> NewRun | None:
        """Take the first decision of a run that is not stored yet; return the run with it.

        None when that decision concerns other runs too: it cannot be stored with the run's birth.
        """
        desk = self._desk
        program = await desk.versions.program(new.tenant_id, new.version)
        self._values.update({digest: decode(body) for digest, body in new.artifacts.items()})
        self._carried = Carried(program, fold(program, new.events, None), Waitlists())
        await self._warm(self._carried)
        draft = self._first = Draft()
        claimed = Claimed(desk.worker, self.claim.epoch)
        await self._decide(draft, [claimed], f"worker:{desk.worker}", f"claim:{self.claim.epoch}")
        if self._messages(draft) or any(decision.children for decision in draft.decisions):
            return None
        await self._keep_results(draft)
        return msgspec.structs.replace(
            new,
            events=new.events + tuple(draft.events),
            artifacts={**new.artifacts, **draft.artifacts},
            changes=new.changes + tuple(draft.changes),
            row=row_of(self.state, None),
            owner=desk.worker,
        )

    async def _after_birth(self) -> bool:
        """Go on where the birth has led; True when the run has ended with it."""
        draft, self._first = self._first, None
        if draft is None:
            return False
        await self._stored(draft)
        return self.state.status in TERMINAL

    async def _look_into_inbox(self) -> None:
        desk, run = self._desk, self.claim.run_id
        self.deliver(await self._patiently(partial(desk.log.inbox, desk.worker, (run,))))

    def _cancelled_unseen(self) -> bool:
        """Tell whether the run was cancelled before anybody began it."""
        return self.state.status is RunStatus.QUEUED and any(
            isinstance(message.command, Cancel) for message in self._inbox
        )

    async def _turn(self) -> bool:
        """Decide on what happened, store it, begin what it asks for; True when the run is free."""
        self._news.clear()
        draft = Draft()
        if self._inputs:
            inputs, self._inputs = self._inputs, []
            if self._only_takes_up(inputs):
                draft.claims = self.claim.takeovers + 1
            worker = f"worker:{self._desk.worker}"
            await self._decide(draft, inputs, worker, f"claim:{self.claim.epoch}")
        inbox, self._inbox = self._inbox, []
        for message in inbox:
            draft.consumed.append(message.number)
            if self._deaf:
                log.error("message %s of run %s is left out", message.key, self.claim.run_id)
                continue
            told = Told(message.command, message.actor, message.key, message.at)
            await self._decide(draft, [told], message.actor, f"command:{message.key}")
        due = next_due(self.state, self._carried_run.waitlists)
        if due is not None and due <= self._desk.now():
            await self._decide(draft, [TimePassed()], "system", "time")
        freed = await self._append(draft)
        if not freed:
            self._calls.follow()
        return freed

    def _only_takes_up(self, inputs: Sequence[Input]) -> bool:
        """Tell whether this is a takeover of calls under way: the run has not got on by that."""
        taken = all(isinstance(one, Claimed) for one in inputs)
        return taken and bool(self.state.calls) and not self._inbox

    @property
    def _carried_run(self) -> Carried:
        if self._carried is None:
            raise RuntimeError("the run is not loaded yet")
        return self._carried

    async def _decide(self, draft: Draft, inputs: Sequence[Input], actor: str, cause: str) -> None:
        now = self._desk.now()
        context = self._context(now)
        after = self.state.seq
        decision = decide(self._carried_run, inputs, context)
        while not decision.final:
            if decision.hard:
                context.limits = DEFAULT
                decision = await asyncio.to_thread(decide, self._carried_run, (), context)
                continue
            await self._fetch(decision)
            decision = decide(self._carried_run, (), context)
        if not decision.events:
            return
        state = self.state
        nonce = f"{self._desk.random():016x}"
        draft.events.extend(
            enveloped(
                decision.events,
                tenant_id=state.tenant_id,
                run_id=state.run_id,
                after=after,
                at=now,
                correlation_id=state.correlation_id,
                causation_id=cause,
                actor=actor,
                nonce=nonce,
            )
        )
        draft.artifacts.update(decision.artifacts)
        draft.changes.extend(changes_of(state, decision.events, now, actor))
        draft.decisions.append(decision)

    def _context(self, now: float) -> Context:
        desk = self._desk
        return Context(
            now=now,
            worker=desk.worker,
            epoch=self.claim.epoch,
            quotes=desk.quotes,
            tools=desk.effects.specs,
            values=self._values,
            cached=self._caches,
            limits=CHEAP,
            draining=desk.draining,
        )

    def sight(self) -> Sight:
        """Return what an effect may see of the run."""
        carried = self._carried_run
        return Sight(carried.program, carried.state, self._values, self._desk.now())

    async def fetch(self, digests: Collection[Digest]) -> None:
        """Have values at hand that are kept as artifacts."""
        wanted = tuple(digest for digest in digests if digest not in self._values)
        if wanted:
            get = partial(self._desk.artifacts.get, self.claim.tenant_id, wanted)
            blobs = await self._patiently(get)
            self._values.update({digest: decode(body) for digest, body in blobs.items()})

    async def _fetch(self, decision: Decision) -> None:
        tenant = self.state.tenant_id
        await self.fetch(decision.needs)
        for key in decision.keys:
            body = await self._patiently(partial(self._desk.results.get, tenant, key))
            found = None if body is None else msgspec.json.decode(body, type=Kept)
            self._caches[key] = found

    async def _append(self, draft: Draft) -> bool:
        """Store a draft; True when the run was given back with it."""
        state, desk = self.state, self._desk
        idle = not state.calls and not self._inputs and not self._inbox
        free = idle and (state.status is RunStatus.WAITING or state.status in TERMINAL)
        free = free or (desk.draining and idle and not self._calls.running)
        if not (draft.events or draft.consumed or free):
            return False
        rests = state.status in TERMINAL or state.status is RunStatus.WAITING
        wake_at = next_due(state, self._carried_run.waitlists) if rests else desk.now()
        append = Append(
            tenant_id=state.tenant_id,
            run_id=state.run_id,
            worker=desk.worker,
            epoch=self.claim.epoch,
            expected_seq=state.seq - len(draft.events),
            events=tuple(draft.events),
            row=row_of(state, wake_at),
            artifacts=draft.artifacts,
            changes=tuple(draft.changes),
            consumed=tuple(draft.consumed),
            starts=await self._children(draft),
            messages=self._messages(draft),
            release=free,
            claims=draft.claims,
        )
        await self._keep_results(draft)
        if self._calls.ready():
            # They run first, up to what they set aside: that and this are one commit.
            await asyncio.sleep(0)
        appended = await self._patiently(partial(desk.log.append, append))
        self._calls.stored()
        await self._stored(draft)
        if free and not appended.released:
            await self._look_into_inbox()
        self.wakes = append.row.wake_at is not None
        return appended.released

    async def _stored(self, draft: Draft) -> None:
        for observer in tuple(self._desk.observers):
            observer(self.state.run_id, draft.events, self.state, self._carried_run.program)
        await self._keep_snapshot()

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        return await patiently(ask, lambda: self.lost)

    async def _children(self, draft: Draft) -> tuple[family.NewRun, ...]:
        starts = []
        for decision in draft.decisions:
            for child in decision.children:
                starts.append(
                    await family.child_run(self._desk, self._carried_run.program, self.state, child)
                )
        return tuple(starts)

    def _messages(self, draft: Draft) -> tuple[Message, ...]:
        return family.messages(self.state, [event.payload for event in draft.events], self._values)

    async def _keep_results(self, draft: Draft) -> None:
        """Keep what other runs may take over before anybody sees that it is there.

        A store that does not take it is no harm: it is worked out again.
        """
        state, desk = self.state, self._desk
        for decision in draft.decisions:
            for key, (kept, ttl) in decision.caches.items():
                self._caches[key], packed = kept, kept.output
                with contextlib.suppress(KapellError):
                    if isinstance(packed, ArtifactRef) and packed.digest in draft.artifacts:
                        body = {packed.digest: draft.artifacts[packed.digest]}
                        await desk.artifacts.put(state.tenant_id, body)
                    await desk.results.put(state.tenant_id, key, encode(kept), ttl)

    async def _keep_snapshot(self) -> None:
        state, desk = self.state, self._desk
        grown = state.seq - self._snapshot_at
        if grown >= max(SNAPSHOT_EVERY, self._snapshot_at // 2) and state.status not in TERMINAL:
            self._snapshot_at = state.seq
            # Only a cache: a store that does not take it is no harm.
            with contextlib.suppress(KapellError):
                await desk.log.save_snapshot(state.tenant_id, state.run_id, sealed(state))

    def reply(self, reply: Input) -> None:
        """Take what came of a call: it is decided on next."""
        self._inputs.append(reply)
        self._news.set()

    async def _next(self) -> None:
        """Wait for an effect, a message, a timer or the end of the worker."""
        due = next_due(self.state, self._carried_run.waitlists)
        if self._inputs or self._inbox:
            return
        if due is None:
            await self._news.wait()
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(due - self._desk.now(), 0.0)):
                await self._news.wait()
