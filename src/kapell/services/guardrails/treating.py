"""What is looked for and done under each profile, as the gates ask for it."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Generic, TypeVar

from kapell.core.gateway.calls import Message, ToolOffer
from kapell.core.guardrails.findings import Family, Finding
from kapell.core.guardrails.looking import look
from kapell.core.guardrails.profiles import Profile, action_of, weighed
from kapell.core.guardrails.redacting import plain, redacted
from kapell.core.guardrails.standing import RIGOUR, ProfileName, stricter
from kapell.core.guardrails.verdicts import Action, Place, Reason, Reasons, Verdict
from kapell.core.guardrails.walking import walked
from kapell.kit.json import Json
from kapell.services.guardrails.remembering import Mark, Memory, part_mark, text_mark, value_mark
from kapell.services.guardrails.values import texts

T = TypeVar("T", Message, ToolOffer)

NAMELESS: Mapping[str, str] = {}
"""No names: what is taken out says only of what kind it was."""

_REMEMBERED = 20_000
"""Texts whose findings are at hand; no text itself is kept."""

_AT_ONCE = 20_000
"""Characters that are looked over in one go; more of them takes a thread."""


class Treatment:
    """A profile at work: it remembers what it found in which text, by the text's digest.

    It remembers the values too in which there is nothing at all: an argument that is a result of
    before, a message that a model is sent at each turn.

    Args:
        profile: What is looked for, and what is done about it.
        remembered: How many texts and values are remembered.
    """

    def __init__(self, profile: Profile, remembered: int = _REMEMBERED) -> None:
        self.profile = profile
        self._found: Memory[tuple[Finding, ...]] = Memory(remembered)
        self._clean: Memory[bool] = Memory(remembered)

    @property
    def name(self) -> str:
        """Return the profile's name."""
        return self.profile.name

    def findings(self, text: str) -> tuple[Finding, ...]:
        """Return what there is in a text, looked for once."""
        mark = text_mark(text)
        found = self._found.get(mark)
        if found is None:
            found = weighed(look(text, self.profile.rules))
            self._found.keep(mark, found)
        return found

    def clean(self, mark: Mark | None) -> bool:
        """Tell whether a value is known to hold nothing of what is looked for."""
        return mark is not None and self._clean.get(mark) is not None

    def knows(self, value: Json) -> bool:
        """Tell whether a value was looked over before, whole, and held nothing."""
        return self.clean(value_mark(value))

    def cleaned(self, mark: Mark | None) -> None:
        """Remember that a value holds nothing of what is looked for."""
        if mark is not None:
            self._clean.keep(mark, True)

    def sweep(
        self, place: Place, *, reaching: bool = False, families: tuple[Family, ...] = ()
    ) -> "Sweep":
        """Return a look over what a call shows at a place; ``families`` restricts it to some."""
        return Sweep(self, place, reaching, families)


class Treatments:
    """The treatments of a workspace.

    Args:
        profiles: The profiles there are, by name.
        usual: The one that holds where none is named.
        least: The mildest one that may be asked for.
    """

    def __init__(
        self, profiles: Mapping[ProfileName, Profile], usual: ProfileName, least: ProfileName
    ) -> None:
        made: dict[ProfileName, Treatment] = {
            name: Treatment(one) for name, one in profiles.items() if name != "off"
        }
        self._by_name: dict[str, Treatment | None] = {
            name: made.get(stricter(name, least)) for name in RIGOUR
        }
        self._usual = self._by_name[usual]

    def of(self, name: str) -> Treatment | None:
        """Return the treatment of what names a profile, or none; None when nothing is guarded."""
        return self._by_name.get(name, self._usual)


def _long(values: Iterable[Json]) -> bool:
    """Tell whether values hold more than is looked over between two beats."""
    size = 0
    for text in (one for value in values for one in texts(value)):
        size += len(text)
        if size > _AT_ONCE:
            return True
    return False


class Sweep:
    """One look: values are added, then judged together, then written anew."""

    def __init__(
        self, treatment: Treatment, place: Place, reaching: bool, families: tuple[Family, ...]
    ) -> None:
        self._treatment = treatment
        self._place = place
        self._reaching = reaching
        self._families = families
        self._reasons = Reasons()
        self._noticed = 0
        self.wanted: dict[str, str] = {}
        """Personal data that is taken out, each value with its kind."""

    async def take(self, values: Iterable[Json]) -> Sequence[bool]:
        """Look over values, and tell of each whether something was found in it.

        Long ones are looked over in a thread, so that the worker's heart goes on beating.

        Raises:
            Invalid: ``guard_value_too_deep``.
        """
        marked = [(value, value_mark(value)) for value in values]
        fresh = [n for n, (_, mark) in enumerate(marked) if not self._treatment.clean(mark)]
        found = [False] * len(marked)

        def look() -> None:
            for n in fresh:
                found[n] = self._add(*marked[n])

        if fresh and _long(marked[n][0] for n in fresh):
            await asyncio.to_thread(look)
        else:
            look()
        return found

    def _add(self, value: Json, mark: Mark | None) -> bool:
        """Look over a text, or every text of a value: its keys and numbers too."""
        before = self._noticed
        walked(value, self._look, self._noted)
        if self._noticed != before:
            return True
        # Where only some families count, the others may be there.
        if not self._families:
            self._treatment.cleaned(mark)
        return False

    @property
    def action(self) -> Action:
        """Return the severest of what is done."""
        return self._reasons.action

    @property
    def verdict(self) -> Verdict | None:
        """Return what was decided, None when nothing was found."""
        return self._reasons.verdict(self._place, self._treatment.name)

    def kinds(self, action: Action) -> tuple[str, ...]:
        """Return the kinds of what something is done about."""
        verdict = self.verdict
        return () if verdict is None else verdict.kinds(action)

    def text(self, text: str, names: Mapping[str, str] = NAMELESS) -> str:
        """Return a text without what is taken out of it; what has a name in ``names`` gets it."""
        made = self.value(text, names)
        return made if isinstance(made, str) else text

    def value(self, value: Json, names: Mapping[str, str] = NAMELESS) -> Json:
        """Return a value without what is taken out of it; the very same when nothing is."""
        if not self._reasons.hold("redact"):
            return value

        def change(text: str, findings: Sequence[Finding]) -> str:
            taken = [one for one in findings if self._action(one) == "redact"]
            return redacted(text, taken, lambda one, said: names.get(said) or plain(one, said))

        made = walked(value, self._look, change)
        return value if made == value else made

    def _look(self, text: str) -> Sequence[Finding]:
        found = self._treatment.findings(text)
        if not self._families:
            return found
        return [one for one in found if one.family in self._families]

    def _action(self, finding: Finding) -> Action:
        profile = self._treatment.profile
        return action_of(finding, profile, self._place, reaching=self._reaching)

    def _noted(self, text: str, findings: Sequence[Finding]) -> str:
        self._noticed += len(findings)
        for finding in findings:
            action = self._action(finding)
            if action == "redact" and finding.family == "pii":
                self.wanted.setdefault(text[finding.start : finding.end], finding.kind)
            self._reasons.take(Reason(finding.family, finding.kind, 1, finding.score, action))
        return text


class Parts(Generic[T]):
    """Messages, or offered tools: an agent sends most of them again at each turn.

    Those that are known to hold nothing are not looked over again. ``fresh`` are the others by
    their numbers, as they are to be looked over.

    Args:
        treatment: Remembers which parts hold nothing.
        parts: All of them.
    """

    def __init__(self, treatment: Treatment, parts: Sequence[T]) -> None:
        self._treatment = treatment
        self._parts: Sequence[T] = parts
        marks = [part_mark(one) for one in parts]
        self._marks = {n: mark for n, mark in enumerate(marks) if not treatment.clean(mark)}
        self._found: set[int] = set()
        self.fresh: dict[int, T] = {n: parts[n] for n in self._marks}

    async def looked(self, sweep: Sweep, values: Callable[[T], Iterable[Json]]) -> None:
        """Look over the values of the fresh parts.

        Raises:
            Invalid: ``guard_value_too_deep``.
        """
        each = {n: tuple(values(one)) for n, one in self.fresh.items()}
        found = iter(await sweep.take(value for one in each.values() for value in one))
        self._found |= {n for n, one in each.items() if any(list(islice(found, len(one))))}

    def renewed(self, change: Callable[[T], T]) -> Sequence[T]:
        """Return all parts, the fresh ones changed; those without need of it are remembered."""
        parts = list(self._parts)
        for n, one in self.fresh.items():
            parts[n] = change(one)
            if n not in self._found and parts[n] == self._parts[n]:
                self._treatment.cleaned(self._marks[n])
        return tuple(parts)
