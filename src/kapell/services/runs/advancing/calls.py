"""The calls a run has in flight: begun as its state asks, stopped when it asks no more."""

import asyncio
import contextlib
from collections.abc import Collection
from typing import Protocol

from kapell.core.agents.turns import held_values
from kapell.core.events.value import ArtifactRef
from kapell.core.pricing.quote import Quote, cost
from kapell.core.runs.commands import LateAnswer
from kapell.core.runs.inputs import CallBroke, Input, ModelReplied
from kapell.core.runs.state import OpenCall, State
from kapell.kit.errors import Failure, KapellError
from kapell.kit.json import Digest
from kapell.services.runs.advancing.desk import Desk
from kapell.services.runs.advancing.effects import Sight, stopped
from kapell.services.runs.ports import Claim, Message


class Home(Protocol):
    """The owner whose calls these are."""

    lost: bool

    @property
    def state(self) -> State:
        """Return the run as it is known here."""
        ...

    def sight(self) -> Sight:
        """Return what an effect may see of the run."""
        ...

    async def fetch(self, digests: Collection[Digest]) -> None:
        """Have values at hand that are kept as artifacts."""
        ...

    def reply(self, reply: Input) -> None:
        """Take what came of a call."""
        ...


class Calls:
    """Begins, stops and follows the calls of one owned run."""

    def __init__(self, claim: Claim, desk: Desk, home: Home) -> None:
        self._claim = claim
        self._desk = desk
        self._home = home
        self._effects: dict[str, asyncio.Task[None]] = {}
        self._unsaved: dict[str, tuple[OpenCall, Input]] = {}
        self._readied: set[str] = set()
        self._intent: asyncio.Event | None = None

    @property
    def running(self) -> bool:
        """Whether anything is in flight."""
        return bool(self._effects)

    def ready(self) -> bool:
        """Let model calls that are about to be stored ready themselves; tell whether any do.

        They set aside what quotas they need and wait: nobody is asked before the intent is durable.
        """
        state = self._home.state
        if state.phase == "cancelling":
            return False
        for opened in state.calls.values():
            # What a prompt keeps as an artifact may only be stored along with the call.
            if opened.kind == "model" and self._is_new(opened) and not self._kept(opened):
                self._intent = self._intent or asyncio.Event()
                self._readied.add(opened.call)
                self._begin(opened, self._intent)
        return bool(self._readied)

    def stored(self) -> None:
        """Let those that are ready go on; forget what came back and is in the log now."""
        if self._intent is not None:
            self._intent.set()
            self._intent = None
            self._readied.clear()
        for call in [call for call in self._unsaved if call not in self._home.state.calls]:
            del self._unsaved[call]

    def follow(self) -> None:
        """Let the effects in flight be those the state asks for."""
        state = self._home.state
        for call, task in list(self._effects.items()):
            if call not in state.calls or state.phase == "cancelling":
                task.cancel()
        if state.phase == "cancelling":
            for opened in list(state.calls.values()):
                if opened.call not in self._effects:
                    self._home.reply(stopped(opened))
            return
        for opened in state.calls.values():
            if self._is_new(opened):
                self._begin(opened)

    def _is_new(self, call: OpenCall) -> bool:
        """Tell whether a call is to be begun.

        What came back while the last decision was being stored is decided on next.
        """
        return call.call not in self._effects and call.call not in self._unsaved

    def _begin(self, call: OpenCall, intent: asyncio.Event | None = None) -> None:
        self._effects[call.call] = asyncio.create_task(self._carry_out(call, intent))

    async def _carry_out(self, call: OpenCall, intent: asyncio.Event | None) -> None:
        try:
            reply: Input = await self._carried_out(call, intent)
        except asyncio.CancelledError:
            self._effects.pop(call.call, None)
            if self._home.state.phase == "cancelling" and not self._home.lost:
                self._home.reply(stopped(call))
            raise
        self._effects.pop(call.call, None)
        if self._home.lost:
            await self._report_late(call, reply)
        else:
            self._unsaved[call.call] = (call, reply)
            self._home.reply(reply)

    async def _carried_out(self, call: OpenCall, intent: asyncio.Event | None) -> Input:
        try:
            await self._home.fetch(self._kept(call))
        except KapellError as error:
            return CallBroke(call.call, Failure.of(error, call.path))
        return await self._desk.effects.carry_out(call, self._home.sight(), intent)

    def _kept(self, call: OpenCall) -> set[Digest]:
        """Return what the call's arguments, or the turns before it, keep as artifacts."""
        packed = [call.prompt]
        if call.kind == "model":
            packed += held_values(self._home.state.steps[call.path].turns)
        return {one.digest for one in packed if isinstance(one, ArtifactRef)}

    async def report_unsaved(self) -> None:
        """What came back and could not be stored is a late answer too."""
        for call, reply in self._unsaved.values():
            await self._report_late(call, reply)

    async def _report_late(self, call: OpenCall, reply: Input) -> None:
        """A call ended after the run was lost: tell the new owner what it really cost."""
        quote = self._desk.quotes.get(call.name)
        if not isinstance(reply, ModelReplied) or not isinstance(quote, Quote):
            return
        usage = reply.answer.usage
        late = LateAnswer(call.call, usage, int(cost(quote, usage)))
        with contextlib.suppress(KapellError):
            await self._desk.starts.send(
                Message(
                    tenant_id=self._claim.tenant_id,
                    run_id=self._claim.run_id,
                    key=f"late:{call.call}",
                    command=late,
                    actor=f"worker:{self._desk.worker}",
                )
            )

    def leave(self) -> None:
        """Stop tools and calls nobody was asked yet; let others end, for what they cost."""
        for call, task in self._effects.items():
            opened = self._home.state.calls.get(call)
            paid = opened is not None and opened.kind == "model" and call not in self._readied
            if not self._home.lost or not paid:
                task.cancel()
