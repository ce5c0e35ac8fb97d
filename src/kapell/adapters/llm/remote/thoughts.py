"""Reasoning parts and their seals: kept as the provider gave them, given back to nobody else.

A seal is a JSON text of ours around what the vendor wants back: the part's id, its signature and
its details, and, as Gemini signs what it says instead of what it thought, the place they belong to.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from pydantic_ai.messages import ModelResponse, TextPart, ThinkingPart, ToolCallPart

from kapell.core.gateway.calls import Thought

_SIGNED = ("thought_signature", "extra_content")
"""Details of texts and tool calls that the providers want back; others of theirs are news only."""
_SIGNING = ("anthropic",)
"""Providers that refuse a thought of theirs without its signature: one of a broken stream."""
_TAGGED = "content"
"""Id of a thought that a model wrote into its text between tags: it is not said again."""


class Seal(msgspec.Struct, frozen=True, omit_defaults=True):
    """What goes back with a thought.

    ``on`` is the id of the tool call it belongs to, or `ON_TEXT`; empty for a thought of its own,
    which stood behind the ``after``-th tool call.
    """

    id: str | None = None
    signature: str | None = None
    details: dict[str, Any] | None = None
    on: str = ""
    after: int = 0


ON_TEXT = "~text"


def thoughts(response: ModelResponse, ids: Mapping[int, str], provider: str) -> tuple[Thought, ...]:
    """Return a response's reasoning.

    Args:
        response: What the vendor said.
        ids: The ids of its tool calls by their place among the parts.
        provider: Our name of the vendor.
    """
    found: list[Thought] = []
    after = 0
    for place, part in enumerate(response.parts):
        if isinstance(part, ThinkingPart):
            seal = _of_thinking(part, after, provider)
            if part.content or seal:
                found.append(Thought(text=part.content, seal=seal, provider=provider))
        elif isinstance(part, ToolCallPart) and place in ids:
            after += 1
            found += _signed(part.provider_details, ids[place], provider)
        elif isinstance(part, TextPart):
            found += _signed(part.provider_details, ON_TEXT, provider)
    return tuple(found)


def _of_thinking(part: ThinkingPart, after: int, provider: str) -> str:
    if part.id == _TAGGED or (provider in _SIGNING and not part.signature):
        return ""
    return _text(Seal(part.id, part.signature, _plain(part.provider_details), after=after))


def _signed(details: dict[str, Any] | None, on: str, provider: str) -> list[Thought]:
    kept = {key: value for key, value in (details or {}).items() if key in _SIGNED and value}
    if not kept:
        return []
    return [Thought(text="", seal=_text(Seal(details=_plain(kept), on=on)), provider=provider)]


def _plain(details: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return details as far as JSON can hold them."""
    kept = {}
    for key, value in (details or {}).items():
        try:
            msgspec.json.encode(value)
        except (TypeError, ValueError, OverflowError, RecursionError):
            continue
        kept[key] = value
    return kept or None


def _text(seal: Seal) -> str:
    return msgspec.json.encode(seal).decode()


def sealed(given: Iterable[Thought], provider: str) -> Sequence[tuple[Thought, Seal]]:
    """Return the thoughts a provider gets back: those it gave and sealed itself."""
    found: list[tuple[Thought, Seal]] = []
    for thought in given:
        if thought.provider != provider or not thought.seal:
            continue
        try:
            found.append((thought, msgspec.json.decode(thought.seal, type=Seal)))
        except msgspec.MsgspecError:
            # A seal that somebody else wrote means nothing to us; the call works without it.
            continue
    return found
