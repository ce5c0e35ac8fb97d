"""Turns: one model call and the tool calls it asks for, folded from events; what comes next.

Thought, action and observation stay apart: what the model said and reasoned, what it asked for,
what came of that.
"""

from collections.abc import Iterator, Sequence

import msgspec

from kapell.core.definitions.nearest import nearest
from kapell.core.events.model import ModelAnswered
from kapell.core.events.value import NOTHING, ArtifactRef, Packed
from kapell.core.guardrails.labels import Label, Mask
from kapell.kit.errors import Failure, Kind

TURNS = 20
"""Turns an agent has for one answer unless its file says otherwise."""

IDENTICAL = 3
"""How often the same call may be asked for in one answer; a call that failed for what it asked
may not be asked for again at all.
"""

IN_VAIN = 3
"""Turns in a row in which nothing that was asked for succeeded, after which the agent is stuck."""

UNREADABLE = "they held a NUL character, or half of a surrogate pair"
"""Stands for arguments that no store keeps and no tool takes."""

_HOPELESS = frozenset({Kind.INVALID, Kind.MISSING, Kind.DENIED, Kind.BUG})
"""Failures that the same call meets again."""

_PASSING = frozenset({Kind.UNAVAILABLE, Kind.LIMITED})
_AGAIN = frozenset({"outcome_unknown", "worker_lost"})


class Asked(msgspec.Struct):
    """A tool call a model asked for: the action, and its observation once it is there.

    ``call`` is the path of the call carried out for it, ``begun`` how often one was requested,
    ``broken`` the text of arguments that were no JSON, ``label`` that of the observation.
    ``approved`` is the digest of the call that people let through, ``edited`` its arguments when
    they changed them, ``labels`` are those of its arguments as they approved of them. ``final``
    says that the failure is the step's.
    """

    id: str
    tool: str
    args: Packed = NOTHING
    broken: str = ""
    call: str = ""
    begun: int = 0
    output: Packed | None = None
    failure: Failure | None = None
    label: Mask = 0
    approved: str = ""
    grants: dict[str, str] = {}
    edited: Packed | None = None
    labels: dict[str, Label] = {}
    final: bool = False

    @property
    def ended(self) -> bool:
        """Tell whether its observation is there."""
        return self.output is not None or self.failure is not None


class Turn(msgspec.Struct):
    """A model call that did not end the work: its answer was wrong, or it asked for tools.

    ``problem`` says what was wrong. ``size`` is in bytes what sending it again takes, observations
    not counted.
    """

    text: Packed
    problem: str = ""
    thoughts: Packed | None = None
    asks: list[Asked] = []
    size: int = 0


def turn_of(event: ModelAnswered) -> Turn:
    """Return the turn that an answer begins."""
    size = size_of(event.text) + sum(size_of(ask.args) + len(ask.broken) for ask in event.asks)
    if event.thoughts is not None:
        size += size_of(event.thoughts)
    asks = [Asked(ask.id, ask.tool, ask.args, ask.broken) for ask in event.asks]
    return Turn(event.text, event.problem, event.thoughts, asks, size)


def size_of(packed: Packed) -> int:
    """Return about how many bytes a value takes when it is sent; never too few."""
    if isinstance(packed, ArtifactRef):
        return packed.size
    value = packed.value
    return len(value.encode()) if isinstance(value, str) else len(msgspec.json.encode(value))


def held_values(turns: Sequence[Turn]) -> Iterator[Packed]:
    """Yield every value of the turns: what sending them again needs at hand."""
    for turn in turns:
        yield turn.text
        if turn.thoughts is not None:
            yield turn.thoughts
        for ask in turn.asks:
            yield ask.args
            if ask.edited is not None:
                yield ask.edited
            if ask.output is not None:
                yield ask.output


def corrections(turns: Sequence[Turn]) -> int:
    """Return how many answers were wrong."""
    return sum(1 for turn in turns if turn.problem)


def pending(turns: Sequence[Turn]) -> list[tuple[int, Asked]]:
    """Return what the last turn asks for and nobody has begun, with its place in the turn."""
    if not turns:
        return []
    return [
        (place, ask)
        for place, ask in enumerate(turns[-1].asks, start=1)
        if not ask.ended and not ask.call
    ]


def granted(turns: Sequence[Turn]) -> bool:
    """Tell whether people let a call through that nobody has begun since."""
    return any(ask.approved for _, ask in pending(turns))


def refused_for_good(turns: Sequence[Turn]) -> Failure | None:
    """Return the failure of a call that the whole step fails with, None without one."""
    last = turns[-1].asks if turns else []
    return next((ask.failure for ask in last if ask.final), None)


def lost(turns: Sequence[Turn]) -> bool:
    """Tell whether a call was begun whose outcome nobody knows, so that it has to be made again."""
    return any(ask.begun for _, ask in pending(turns))


def kept(turns: Sequence[Turn], failure: Failure | None) -> list[Turn]:
    """Return the turns a new attempt goes on from.

    All, when only its surroundings failed, or a person says that a call is to be made again; else
    none: what the model has come to is what failed.
    """
    goes_on = failure is not None and (failure.kind in _PASSING or failure.code in _AGAIN)
    return list(turns) if goes_on else []


def whole(turns: Sequence[Turn]) -> list[Turn]:
    """Return the turns without the last, if something it asks for has no observation yet."""
    cut = bool(turns) and not all(ask.ended for ask in turns[-1].asks)
    return list(turns[:-1] if cut else turns)


def asked(turns: Sequence[Turn], ask_id: str) -> Asked | None:
    """Return what the last turn asked for by its id."""
    last = turns[-1].asks if turns else []
    return next((ask for ask in last if ask.id == ask_id), None)


def refusal(turns: Sequence[Turn], ask: Asked, offered: Sequence[str]) -> Failure | None:
    """Return why a call is not carried out, None when it is.

    Nothing here knows the tool's schema: the door to the tools holds the arguments against it.
    """
    if ask.tool not in offered:
        return not_offered(ask, offered)
    if ask.broken:
        return Failure(
            "tool_arguments",
            f"The arguments were not a JSON object: {_no_json(ask.broken)}",
            Kind.INVALID,
            advice="Give the arguments as one JSON object, all of it.",
        )
    same = [one for one in _earlier(turns, ask) if one.tool == ask.tool and one.args == ask.args]
    if any(one.failure is not None and one.failure.kind in _HOPELESS for one in same):
        return _repeated("This very call has failed already.")
    if len(same) + 1 >= IDENTICAL:
        return _repeated(f"This very call was made {len(same)} times already.")
    return None


def not_offered(ask: Asked, offered: Sequence[str]) -> Failure:
    """Return why a tool is not called that the agent was not offered."""
    near = nearest(ask.tool, offered)
    meant = f"Did you mean {near!r}? " if near else ""
    return Failure(
        "tool_not_offered",
        f"There is no tool {ask.tool!r} for you.",
        Kind.MISSING,
        advice=f"{meant}Use one of: {', '.join(offered) or 'none, so answer'}.",
    )


def no_task() -> Failure:
    """Return why another agent is not asked: the arguments hold no task."""
    return Failure(
        "tool_arguments",
        "An agent takes its task as a text.",
        Kind.INVALID,
        advice='Give {"task": "what it shall do"} and nothing else.',
    )


def _no_json(text: str) -> str:
    if text == UNREADABLE:
        return f"{text}."
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        return f"{error}."
    return "it was JSON of another kind."


def _repeated(message: str) -> Failure:
    return Failure(
        "tool_call_repeated",
        message,
        Kind.CONFLICT,
        advice="Use what you know, try another way, or answer.",
    )


def _earlier(turns: Sequence[Turn], ask: Asked) -> Iterator[Asked]:
    for turn in turns:
        for one in turn.asks:
            if one is ask:
                return
            yield one


def stuck(turns: Sequence[Turn]) -> bool:
    """Tell whether the last turns asked for tools and nothing of it succeeded."""
    last = turns[-IN_VAIN:]
    return len(last) == IN_VAIN and all(
        turn.asks and all(ask.failure is not None for ask in turn.asks) for turn in last
    )
