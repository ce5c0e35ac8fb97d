"""Our messages as the vendors': neighbours of one side share a request."""

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from kapell.adapters.llm.remote.keys import Keys
from kapell.adapters.llm.remote.naming import wire_id, wire_name
from kapell.adapters.llm.remote.thoughts import ON_TEXT, Seal, sealed
from kapell.core.gateway.calls import Message, Thought, ToolAsk

_Asked: TypeAlias = SystemPromptPart | UserPromptPart | ToolReturnPart


def vendor_messages(
    messages: Sequence[Message], provider: str, system: str, keys: Mapping[str, Keys]
) -> list[ModelMessage]:
    """Return our messages as the vendor's.

    Args:
        messages: The call's.
        provider: Our name of the vendor: only its own thoughts go back to it.
        system: The vendor's name of itself, by which its seals are known again.
        keys: Of the tools whose arguments have other keys on the wire.
    """
    made: list[ModelMessage] = []
    parts: list[_Asked] = []
    for message in messages:
        if message.role == "assistant":
            if parts:
                made.append(ModelRequest(parts=parts))
                parts = []
            made.append(_said(message, provider, system, keys))
        else:
            parts.append(_heard(message))
    if parts:
        made.append(ModelRequest(parts=parts))
    return made


def _heard(message: Message) -> _Asked:
    if message.role == "system":
        return SystemPromptPart(content=message.text)
    if message.role == "tool":
        return ToolReturnPart(
            tool_name=wire_name(message.tool),
            content=message.text,
            tool_call_id=wire_id(message.answers),
            outcome="failed" if message.failed else "success",
        )
    return UserPromptPart(content=message.text)


def _said(message: Message, provider: str, system: str, keys: Mapping[str, Keys]) -> ModelResponse:
    """Return an assistant's message with its parts in the order in which they were said."""
    own = sealed(message.thoughts, provider)
    signed = {seal.on: seal for _, seal in own if seal.on}
    loose = [(thought, seal) for thought, seal in own if not seal.on]
    parts: list[ModelResponsePart] = _thinking(loose, 0, system)
    if message.text or not message.asks:
        seal = signed.get(ON_TEXT)
        parts.append(
            TextPart(
                message.text,
                provider_name=system if seal else None,
                provider_details=seal.details if seal else None,
            )
        )
    for number, ask in enumerate(message.asks, 1):
        seal = signed.get(ask.id)
        parts.append(
            ToolCallPart(
                wire_name(ask.tool),
                _arguments(ask, keys.get(ask.tool)),
                wire_id(ask.id),
                provider_name=system if seal else None,
                provider_details=seal.details if seal else None,
            )
        )
        parts += _thinking(loose, number, system)
    return ModelResponse(parts=parts, provider_name=system)


def _thinking(
    loose: Sequence[tuple[Thought, Seal]], after: int, system: str
) -> list[ModelResponsePart]:
    return [
        ThinkingPart(
            thought.text,
            id=seal.id,
            signature=seal.signature,
            provider_name=system,
            provider_details=seal.details,
        )
        for thought, seal in loose
        if seal.after == after
    ]


def _arguments(ask: ToolAsk, keys: Keys | None) -> str | dict[str, object]:
    """Return arguments as they were given: what is no object travels as its text."""
    if ask.broken:
        return ask.broken
    args = keys.there(ask.args) if keys else ask.args
    if isinstance(args, Mapping):
        return dict(args)
    return "" if args is None else json.dumps(args, ensure_ascii=False)
