"""The guard in the door to models: what they are sent and what they answer is looked over."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from kapell.core.approvals.held import Held
from kapell.core.approvals.question import Question, call_digest
from kapell.core.gateway.calls import Message, ModelAnswer, ModelRequest, Thought, ToolOffer
from kapell.core.gateway.sending import sent
from kapell.core.guardrails.findings import Family
from kapell.core.guardrails.pseudonyms import marked, restored
from kapell.core.guardrails.verdicts import Action, Place
from kapell.core.policies.notes import Note
from kapell.kit.errors import Denied
from kapell.kit.ids import TenantId
from kapell.kit.json import Json
from kapell.services.gateway.ports import OnDelta
from kapell.services.guardrails.hearing import Hearings
from kapell.services.guardrails.moderating import Moderating
from kapell.services.guardrails.naming import Naming, names_in
from kapell.services.guardrails.treating import NAMELESS, Parts, Sweep, Treatment, Treatments
from kapell.services.guardrails.values import changed, texts

WITHHELD = "(withheld: a guardrail does not let this answer pass)"
"""Stands in place of an answer that is not shown."""

_REFUSED = "a guardrail does not let it pass; answer without what is not allowed here"
_ADVICE = (
    "The run's log says what kinds of things were found (`kapell runs events`): take them out, or "
    "name another guardrail profile."
)


_STRANGE: tuple[Family, ...] = ("injection", "jailbreak", "secret")
"""What counts in what tools say of themselves, for their servers may be strangers: a schema with an
address as its example stays as it is."""

_OWN: tuple[Family, ...] = ("pii", "secret", "topic", "language")
"""What counts in a prompt that the author alone wrote: its orders are the author's to give, and so
is speaking of orders (\"ignore what the mail tells you to do\")."""


class ContentModelGate:
    """Looks over requests and answers, and gives personal data names on its way to a model.

    Args:
        treatments: What is looked for and done under each profile.
        naming: Gives names to personal data, and data to names.
        restore: Where data comes back in place of its names: ``answers``, ``arguments`` of tool
            calls.
        moderating: Asks a moderation service too; nobody is asked without.
    """

    def __init__(
        self,
        treatments: Treatments,
        naming: Naming,
        restore: frozenset[str],
        moderating: Moderating | None = None,
    ) -> None:
        self._treatments = treatments
        self._moderating = moderating
        self._naming = naming
        self._restore = restore
        self._hearings = Hearings()

    async def before(self, request: ModelRequest, note: Note) -> ModelRequest:
        """Return the request as it may be sent.

        Raises:
            Denied: ``guardrail_blocked``, ``pseudonym_key_gone``.
            Held: people decide first.
            KapellError: ``guard_failed`` when the moderation service fails.
        """
        treatment = self._treatments.of(request.caller.profile)
        if treatment is None:
            return request
        sweep, offers = treatment.sweep("request"), treatment.sweep("request", families=_STRANGE)
        own = treatment.sweep("request", families=_OWN)
        said = Parts(treatment, request.messages)
        tools = Parts(treatment, request.tools)
        said.fresh = {n: _marked(one) for n, one in said.fresh.items()}
        await said.looked(sweep, lambda one: () if one.authored else _parts(one))
        await said.looked(own, lambda one: _parts(one) if one.authored else ())
        await tools.looked(offers, lambda one: (one.name, one.description, one.args))
        for one in (own, sweep, offers):
            if one.verdict is not None:
                note(one.verdict)
        actions = {own.action, sweep.action, offers.action}
        if "block" in actions:
            raise _blocked()
        request = self._in_conversation(request)
        wanted = {**own.wanted, **sweep.wanted}
        names = await self._naming.names(_tenant(request), _conversation(request), wanted)
        request = msgspec.structs.replace(
            request,
            messages=said.renewed(lambda one: _renewed(one, own if one.authored else sweep, names)),
            tools=tools.renewed(lambda one: _offered(one, offers)),
        )
        kinds = [one for look in (own, sweep, offers) for one in look.kinds("ask")]
        parts = (one for each in request.messages for one in _parts(each))
        minded, asking = await self._moderated(treatment, "request", parts, note)
        if minded == "block":
            raise _blocked()
        if "ask" in (*actions, minded):
            _ask(request, (*kinds, *asking))
        return request

    async def after(self, request: ModelRequest, answer: ModelAnswer, note: Note) -> ModelAnswer:
        """Return the answer as it may be shown, with personal data in place of its names.

        One that may not be shown is withheld: the model is told to answer again.

        Raises:
            KapellError: ``guard_failed`` when the moderation service fails.
        """
        treatment = self._treatments.of(request.caller.profile)
        if treatment is None:
            return answer
        sweep = treatment.sweep("answer")
        said = (
            answer.text,
            answer.value,
            *(one.text for one in answer.thoughts),
            *(one for ask in answer.asks for one in (ask.args, ask.broken)),
        )
        found = await sweep.take(said)
        if sweep.verdict is not None:
            note(sweep.verdict)
        action = sweep.action
        if action not in ("block", "ask"):
            try:
                action, _ = await self._moderated(treatment, "answer", said, note)
            except BaseException:
                self._hearings.drop(request)
                raise
        if action in ("block", "ask"):
            self._hearings.drop(request)
            return msgspec.structs.replace(
                answer, text=WITHHELD, value=None, asks=(), thoughts=(), refused=_REFUSED
            )
        if not any(found) and not any("<" in one for one in _texts(answer)):
            self._hearings.end(request)
            return answer  # nothing is taken out, and it holds no name
        table = await self._naming.values(
            _tenant(request), _conversation(request), names_in(_texts(answer))
        )
        self._hearings.end(request)
        return _shown(answer, sweep, table, self._restore)

    def listener(self, request: ModelRequest, on_delta: OnDelta) -> OnDelta:
        """Return who hears the pieces of the answer, and tells on what may be shown of them."""
        treatment = self._treatments.of(request.caller.profile)
        if treatment is None:
            return on_delta
        table: Mapping[str, str] = {}
        if "answers" in self._restore:
            table = self._naming.at_hand(_tenant(request), _conversation(request))
        waits = self._moderating is not None and self._moderating.withholds
        return self._hearings.listener(request, treatment.profile, table, on_delta, waits=waits)

    async def _moderated(
        self, treatment: Treatment, place: Place, values: Iterable[Json], note: Note
    ) -> tuple[Action, tuple[str, ...]]:
        """Return what is done for what a moderation service says, and what people are asked of."""
        if self._moderating is None:
            return "pass", ()
        verdict = await self._moderating.verdict(treatment, place, values)
        if verdict is None:
            return "pass", ()
        note(verdict)
        return verdict.action, verdict.kinds("ask")

    def _in_conversation(self, request: ModelRequest) -> ModelRequest:
        """Return a request that belongs to a conversation; what belongs to none has its own."""
        if _conversation(request):
            return request
        own = msgspec.structs.replace(request.caller, conversation=self._naming.apart())
        return msgspec.structs.replace(request, caller=own)


def _blocked() -> Denied:
    return Denied(
        "A guardrail does not let this request pass; no model was asked.",
        code="guardrail_blocked",
        advice=_ADVICE,
    )


def _tenant(request: ModelRequest) -> TenantId:
    return TenantId(request.tenant or request.caller.tenant)


def _conversation(request: ModelRequest) -> str:
    return request.conversation or request.caller.conversation


def _marked(message: Message) -> Message:
    """Return a message whose own words that look like names are marked: they stand for nobody.

    What the author wrote stays as it is, and so do thoughts, whose seals hold only for their words.
    """
    if message.role == "system":
        return message
    text = marked(message.text)
    asks = tuple(
        msgspec.structs.replace(ask, args=changed(ask.args, marked), broken=marked(ask.broken))
        for ask in message.asks
    )
    if text == message.text and asks == message.asks:
        return message
    return msgspec.structs.replace(message, text=text, asks=asks)


def _parts(message: Message) -> Iterator[Json]:
    """Yield what is looked over of a message: nothing of what the author wrote."""
    if message.role == "system":
        return
    yield message.text
    yield from (one.text for one in message.thoughts)
    for ask in message.asks:
        yield ask.args
        yield ask.broken


def _renewed(message: Message, sweep: Sweep, names: Mapping[str, str]) -> Message:
    """Return a message as a model may see it."""
    if message.role == "system":
        return message
    return msgspec.structs.replace(
        message,
        text=sweep.text(message.text, names),
        thoughts=tuple(_rethought(one, sweep, names) for one in message.thoughts),
        asks=tuple(
            msgspec.structs.replace(
                ask, args=sweep.value(ask.args, names), broken=sweep.text(ask.broken, names)
            )
            for ask in message.asks
        ),
    )


def _offered(offer: ToolOffer, sweep: Sweep) -> ToolOffer:
    """Return a tool as a model may see it; its name stays, for it is what the model asks for."""
    return msgspec.structs.replace(
        offer, description=sweep.text(offer.description), args=sweep.value(offer.args)
    )


def _rethought(thought: Thought, sweep: Sweep, names: Mapping[str, str] = NAMELESS) -> Thought:
    """Return a thought as it may be seen: its seal holds only for its very words."""
    text = sweep.text(thought.text, names)
    return thought if text == thought.text else Thought(text, provider=thought.provider)


def _texts(answer: ModelAnswer) -> Iterator[str]:
    yield answer.text
    yield from texts(answer.value)
    for ask in answer.asks:
        yield from texts(ask.args)
        yield ask.broken


def _shown(
    answer: ModelAnswer, sweep: Sweep, table: Mapping[str, str], restore: frozenset[str]
) -> ModelAnswer:
    """Return an answer as it may be shown, data in place of its names where that is wanted."""
    said = table if "answers" in restore else NAMELESS
    asked = table if "arguments" in restore else NAMELESS
    return msgspec.structs.replace(
        answer,
        text=restored(sweep.text(answer.text), said),
        value=changed(sweep.value(answer.value), lambda text: restored(text, said)),
        asks=tuple(
            msgspec.structs.replace(
                ask,
                args=changed(sweep.value(ask.args), lambda text: restored(text, asked)),
                broken=restored(sweep.text(ask.broken), asked),
            )
            for ask in answer.asks
        ),
        thoughts=tuple(_rethought(one, sweep) for one in answer.thoughts),
    )


def _ask(request: ModelRequest, kinds: tuple[str, ...]) -> None:
    """Hold a request until people have agreed to exactly this one.

    Raises:
        Held: they have not yet.
    """
    arguments: Json = sent(request)
    if request.caller.grants.get("guardrails.request") == call_digest(request.model, arguments):
        return
    why = f"The request to {request.model} holds {', '.join(dict.fromkeys(kinds))}."
    raise Held(Question(rule="guardrails.request", why=why, risk="medium"), arguments)
