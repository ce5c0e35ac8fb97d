"""What a model is sent: instructions, the prompt, and its turns so far with what came of them."""

from collections.abc import Callable, Mapping, Sequence

from kapell.core.agents.definition import Agent
from kapell.core.agents.skills import LOAD, skills_text
from kapell.core.agents.turns import Asked, Turn, size_of
from kapell.core.approvals.question import SAID_NO
from kapell.core.events.value import NOTHING, Packed
from kapell.core.gateway.calls import Message, Thought, ToolAsk, ToolOffer
from kapell.core.guardrails.labels import WEB
from kapell.core.guardrails.spotlight import spotlit
from kapell.core.guardrails.verdicts import STOPS
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Failure, Kind
from kapell.kit.json import Json, encode

OBSERVED = 65_536
"""Bytes of one observation that are shown; the whole stays in the log."""

WORDS = 640
"""Bytes our own words around a correction or an observation take at most."""

_SCHEMA = 4_096
_ARGUMENTS = "tool_arguments"
_FLAWS = 10
_TAKEN = 400
_EDITED = 8_192
"""Bytes of arguments that a person changed which are shown."""

_POLICIES = frozenset({"policy_denied", "policy_broken", "policy_failed", "policy_nobody"})
_FORBIDDEN = "A policy forbids this call: do not try it again, find another way."
"""All that a model is told of a policy: its rules and reasons are for people."""

_BLOCKED = "A guardrail does not let this pass: do not try it again, find another way."
_WITHHELD = (
    "The call was made, and a guardrail does not let its result pass: do not make it again, go on "
    "without the result."
)
"""All that a model is told of a guard: which one, what it found and how to take it away are for
people."""

_WAYS: Mapping[Kind, tuple[str, str]] = {
    Kind.INVALID: ("arguments", "Mend the arguments and call it again, or try another way."),
    Kind.MISSING: ("missing", "Look for what there is, or try another way."),
    Kind.DENIED: ("denied", "It is not allowed: do not try it again, find another way."),
    Kind.LIMITED: ("unavailable", "Try it once more later, or go on without it."),
    Kind.UNAVAILABLE: ("unavailable", "Try it once more, or go on without it."),
    Kind.CONFLICT: ("conflict", "Something stands against it: look first, then decide."),
    Kind.BUG: ("bug", "The tool itself is broken: do not call it so again, find another way."),
}
"""By the kind of a failure: its class as the model reads it, and what may help."""


def messages(
    agent: Agent | None,
    prompt: str,
    turns: Sequence[Turn],
    value: Callable[[Packed], Json],
    specs: Mapping[str, ToolSpec],
    *,
    seed: str = "",
    dense: bool = False,
    authored: bool = False,
) -> tuple[Message, ...]:
    """Return everything the next turn is asked with.

    Args:
        agent: Who answers, None for a bare question.
        prompt: What is asked.
        turns: What was said, asked for and observed since.
        value: Unpacks a value of the log.
        specs: The tools there are: a failing call's arguments are explained by its schema.
        seed: What the marks around strangers' words are drawn from, beside these.
        dense: Whether such words are marked through and through.
        authored: Whether every word of the prompt is the author's.
    """
    told = instructions(agent)
    said = [Message("system", told, authored=True)] if told else []
    said.append(Message("user", prompt, authored=authored))
    for turn in turns:
        text = value(turn.text)
        thoughts = value(turn.thoughts) if turn.thoughts is not None else None
        said.append(
            Message(
                "assistant",
                (text if isinstance(text, str) else "") or ("" if turn.asks else "(nothing)"),
                thoughts=_thoughts(thoughts),
                asks=tuple(
                    ToolAsk(ask.id, ask.tool, None if ask.broken else value(ask.args), ask.broken)
                    for ask in turn.asks
                ),
            )
        )
        said += [_observation(ask, value, specs, f"{seed}:{ask.call}", dense) for ask in turn.asks]
        if turn.problem:
            said.append(Message("user", _correction(turn.problem)))
    return tuple(said)


def instructions(agent: Agent | None) -> str:
    """Return what an agent is told to be, with the skills it may read."""
    if agent is None:
        return ""
    return "\n\n".join(filter(None, (agent.instructions, skills_text(agent))))


def offer(spec: ToolSpec) -> ToolOffer:
    """Return a tool as a model is shown it."""
    return ToolOffer(spec.name, spec.description, spec.args)


def offer_size(spec: ToolSpec) -> int:
    """Return the bytes that showing a tool takes."""
    return len(spec.name) + len(spec.description.encode()) + len(encode(spec.args)) + 64


def observed_size(ask: Asked) -> int:
    """Return the bytes that showing an observation takes at most."""
    told = 0 if ask.edited is None else min(size_of(ask.edited), _EDITED) + WORDS
    if ask.failure is None:
        return min(size_of(ask.output or NOTHING), OBSERVED) + WORDS + told
    failure = ask.failure
    told += sum(len(line.encode()) + 1 for line in _taken(failure))
    return len(failure.message.encode()) + len(failure.advice.encode()) + told + _SCHEMA + WORDS


def _thoughts(value: Json) -> tuple[Thought, ...]:
    found = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return tuple(
        Thought(str(one["text"]), str(one.get("seal", "")), str(one.get("provider", "")))
        for one in found
        if isinstance(one, Mapping)
    )


def _observation(
    ask: Asked,
    value: Callable[[Packed], Json],
    specs: Mapping[str, ToolSpec],
    seed: str,
    dense: bool,
) -> Message:
    spec = specs.get(ask.tool)
    strange = spec is not None and spec.trust == "untrusted"
    if ask.failure is not None:
        text = _failed(ask.failure, spec)
        if strange or ask.label & WEB:  # it may tell what the other side said
            text = spotlit(text, seed, dense=dense)
        text = _changed(ask, value) + text
        return Message("tool", text, answers=ask.id, tool=ask.tool, failed=True)
    result = value(ask.output or NOTHING)
    text = _cut(result if isinstance(result, str) else encode(result).decode())
    # Skills are the author's words, whoever it was that made the agent look at them.
    if strange or (ask.label & WEB and ask.tool != LOAD):
        text = spotlit(text, seed, dense=dense)
    return Message("tool", _changed(ask, value) + text, answers=ask.id, tool=ask.tool)


def _changed(ask: Asked, value: Callable[[Packed], Json]) -> str:
    """Return what an agent is told of arguments that a person changed; why is theirs to know."""
    if ask.edited is None or (ask.failure is not None and ask.failure.code in SAID_NO):
        return ""
    text = _cut(encode(value(ask.edited)).decode(), _EDITED)
    return f"A person changed the arguments of this call. It was called with: {text}\n"


def _cut(text: str, most: int = OBSERVED) -> str:
    data = text.encode()
    if len(data) <= most:
        return text
    shown = data[: most - 200].decode(errors="ignore")
    return f"{shown}\n(cut: {len(shown):,} of {len(text):,} characters; ask for less at once)"


def _failed(failure: Failure, spec: ToolSpec | None) -> str:
    """Return what helps a model to try another way: what failed, of which class, what may help."""
    if failure.code in _POLICIES:
        return _FORBIDDEN
    if failure.code == "guardrail_withheld":
        return _WITHHELD
    if failure.code in STOPS:
        return _BLOCKED
    # What is wrong with the arguments can be mended, whatever the rule was that refused them.
    kind, way = _WAYS[Kind.INVALID if failure.flaws else failure.kind]
    lines = [f"The call failed ({kind}, {failure.code}): {failure.message}", *_taken(failure)]
    if failure.advice and not (failure.flaws and failure.code == _ARGUMENTS):
        lines.append(failure.advice)  # of arguments it speaks to authors: the flaws say more
    lines.append(way)
    if spec is not None and failure.code == _ARGUMENTS:
        schema = encode(spec.args).decode()
        if len(schema) <= _SCHEMA:
            lines.append(f"It takes: {schema}")
    return _cut("\n".join(lines))


def _taken(failure: Failure) -> list[str]:
    """Return what each argument takes that did not fit: messages name the rule, not its limits."""
    lines = []
    for flaw in failure.flaws[:_FLAWS]:
        if flaw.at and flaw.expected:
            expected = encode(flaw.expected).decode()
            if len(expected) <= _TAKEN:
                lines.append(f"- {flaw.at!r} takes {expected}")
    return lines


def _correction(problem: str) -> str:
    return f"That answer cannot be used: {problem}\nAnswer again, complete and corrected."
