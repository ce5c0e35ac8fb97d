"""From a prompt to its class and to the model that a route names for it, with the reasons."""

from collections.abc import Mapping

import msgspec

from kapell.core.gateway.calls import ModelRequest
from kapell.core.gateway.complexity.features import features_of
from kapell.core.gateway.complexity.rules import CLASSES, DEFAULT, Class, Rules

_PROGRAM = ("code_block", "code_marks", "code_strong", "code_weak", "making")
_SHARED = ("simple",)
_MARK_NAMES = frozenset({*_PROGRAM, "tokens"})


class Point(msgspec.Struct, frozen=True):
    """One reason: a feature, how often it was found, and what it counts."""

    feature: str
    found: int
    points: float


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What a prompt is and which model gets it.

    ``score`` is from 0 (trivial) to 1 (hard). ``features`` are the reasons, heaviest first.
    ``model`` is empty when no model is named for the class.
    """

    kind: Class
    score: float
    features: tuple[Point, ...]
    model: str = ""

    @property
    def reason(self) -> str:
        """Return the choice in one line, for events and people."""
        shown = ", ".join(f"{one.feature} {one.found} ({one.points:+.2f})" for one in self.features)
        return f"{self.kind}, score {self.score:.2f}: {shown or 'nothing notable'}"


def choose(prompt: str, rules: Rules = DEFAULT, models: Mapping[str, str] | None = None) -> Choice:
    """Return the class of a prompt and its model.

    Args:
        prompt: What is asked, all of it.
        rules: What is decided by.
        models: By class; a class that is not named gets the model of ``default``.
    """
    found = features_of(prompt, rules)
    points = {
        name: round(min(count, rules.caps.get(name, count)) * rules.weights[name], 4)
        for name, count in found.items()
        if name in rules.weights
    }
    shared = sum(points.get(name, 0.0) for name in _SHARED)
    code = sum(points.get(name, 0.0) for name in _PROGRAM) + shared
    thought = sum(count for name, count in points.items() if name not in _MARK_NAMES)
    length = found.get("tokens", 0)
    kind = _kind(length, code, thought, rules)
    hardest = max(code / rules.code, thought / rules.reasoning, length / rules.long, 0.0)
    reasons = [Point(name, found[name], amount) for name, amount in points.items() if amount]
    if kind == "long":
        reasons.append(Point("tokens", length, round(length / rules.long, 4)))
    reasons.sort(key=lambda one: (-abs(one.points), one.feature))
    named = models or {}
    return Choice(
        kind=kind,
        score=round(min(hardest / 2, 1.0), 4),
        features=tuple(reasons),
        model=named.get(kind, named.get("default", "")),
    )


def choose_for(
    request: ModelRequest, rules: Rules = DEFAULT, models: Mapping[str, str] | None = None
) -> Choice:
    """Return the choice for a request, by what people and tools say in it.

    The instructions of an agent are the same for every prompt: they tell nothing about this one.
    """
    said = [message.text for message in request.messages if message.role in ("user", "tool")]
    return choose("\n".join(said), rules, models)


def _kind(length: int, code: float, thought: float, rules: Rules) -> Class:
    if length >= rules.long:
        return "long"
    if code >= rules.code and code / rules.code >= thought / rules.reasoning * 0.6:
        return "code"
    return "reasoning" if thought >= rules.reasoning else "simple"


__all__ = ["CLASSES", "Choice", "Point", "choose", "choose_for"]
