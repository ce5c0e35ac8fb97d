"""What a moderation service says of requests and answers, and what is done about that.

It is sent words alone: whatever is personal data or a secret is taken out before.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from kapell.core.guardrails.redacting import redacted
from kapell.core.guardrails.verdicts import Action, Place, Reason, Reasons, Verdict
from kapell.kit.json import Json
from kapell.services.guardrails.ports import Moderated, Moderation
from kapell.services.guardrails.remembering import Memory, text_mark
from kapell.services.guardrails.treating import Treatment
from kapell.services.guardrails.values import texts

_REMEMBERED = 5_000
"""Texts of which it is at hand what the service said; no text itself is kept."""


class ModerationTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Where a service is asked, and what is done about what it says.

    A category counts when the service flags it, or from its score in ``least`` where it has one;
    then ``actions`` say what is done about it, else ``action``.
    """

    places: frozenset[Place] = frozenset({"answer"})
    action: Action = "block"
    actions: Mapping[str, Action] = {}
    least: Mapping[str, float] = {}


class Moderating:
    """Asks a service about texts, about each only once.

    Args:
        service: Who is asked.
        terms: What is done about what it says.
    """

    def __init__(self, service: Moderation, terms: ModerationTerms) -> None:
        self._service = service
        self._terms = terms
        self._known: Memory[Moderated] = Memory(_REMEMBERED)

    @property
    def withholds(self) -> bool:
        """Tell whether an answer may be stopped once all of it is there."""
        return "answer" in self._terms.places

    async def verdict(
        self, treatment: Treatment, place: Place, values: Iterable[Json]
    ) -> Verdict | None:
        """Return what is done about what is said at a place, None when the service minds nothing.

        Raises:
            KapellError: ``guard_failed`` when the service cannot be believed.
        """
        if place not in self._terms.places:
            return None
        said = ["\n".join(texts(value)) for value in values]
        worded = await asyncio.to_thread(_without_values, treatment, said)
        found = await self._judged([one for one in dict.fromkeys(worded) if one.strip()])
        return self._reasons(found).verdict(place, treatment.name)

    async def _judged(self, said: Sequence[str]) -> Sequence[Moderated]:
        known = {text: self._known.get(text_mark(text)) for text in said}
        fresh = [text for text, one in known.items() if one is None]
        if fresh:
            judged = await self._service.judge(fresh)
            for text, one in zip(fresh, judged, strict=True):
                self._known.keep(text_mark(text), one)
                known[text] = one
        return [one for one in known.values() if one is not None]

    def _reasons(self, found: Sequence[Moderated]) -> Reasons:
        terms, reasons = self._terms, Reasons()
        for one in found:
            for category in {*one.scores, *one.flagged}:
                score = one.scores.get(category, 1.0)
                least = terms.least.get(category)
                counts = category in one.flagged if least is None else score >= least
                if not counts:
                    continue
                action = terms.actions.get(category, terms.action)
                reasons.take(Reason("topic", f"moderation.{category}", 1, score, action))
        return reasons


def _without_values(treatment: Treatment, said: Sequence[str]) -> list[str]:
    """Return texts without personal data and secrets, whatever the profile does about these."""
    made = []
    for text in said:
        values = [one for one in treatment.findings(text) if one.family in ("pii", "secret")]
        made.append(redacted(text, values))
    return made
