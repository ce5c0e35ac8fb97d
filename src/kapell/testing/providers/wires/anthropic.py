"""Anthropic's messages wire."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, cast

import msgspec

from kapell.core.gateway.calls import Message, ModelAnswer, Thought
from kapell.kit.json import Json
from kapell.testing.providers.call import Call
from kapell.testing.providers.http import Request
from kapell.testing.providers.wires.wire import (
    apart,
    arguments,
    asked,
    cut,
    event,
    listed,
    offers,
    spelled,
    table,
    whole_number,
    words,
)

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class AnthropicWire:
    """``POST .../v1/messages``."""

    def read(self, request: Request, body: Mapping[str, Json]) -> Call:
        """Return the call of a body."""
        output = table(table(body.get("output_config")).get("format"))
        target, tools = apart(
            offers(map(table, listed(body.get("tools"))), "input_schema"),
            must=table(body.get("tool_choice")).get("type") in ("any", "tool"),
        )
        system = words(body.get("system"))
        messages = [Message("system", system)] if system else []
        for item in listed(body.get("messages")):
            messages += _messages(table(item))
        return Call(
            wire="anthropic",
            model=str(body.get("model", "")),
            messages=tuple(messages),
            schema=target.args if target else output.get("schema"),
            tool=target.name if target else "",
            tools=tools,
            stream=body.get("stream") is True,
            max_output=whole_number(body.get("max_tokens"), 4096),
            key=request.headers.get("idempotency-key", ""),
        )

    def key(self, request: Request) -> str | None:
        """Return the key, in whichever of its two headers it comes."""
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        return request.headers.get("x-api-key") or bearer

    def whole(self, call: Call, answer: ModelAnswer) -> Mapping[str, Json]:
        """Return a message."""
        return {
            **_message(call, answer),
            "content": [block.whole for block in _blocks(call, answer)],
            "stop_reason": _stop(call, answer),
        }

    def pieces(self, call: Call, answer: ModelAnswer) -> Iterator[bytes]:
        """Yield the events of a message."""
        start = {**_message(call, answer), "content": [], "stop_reason": None}
        yield event({"type": "message_start", "message": start}, "message_start")
        for index, block in enumerate(_blocks(call, answer)):
            opened = {"type": "content_block_start", "index": index, "content_block": block.opened}
            yield event(opened, "content_block_start")
            for delta in block.deltas:
                added = {"type": "content_block_delta", "index": index, "delta": delta}
                yield event(added, "content_block_delta")
            yield event({"type": "content_block_stop", "index": index}, "content_block_stop")
        end = {
            "type": "message_delta",
            "delta": {"stop_reason": _stop(call, answer), "stop_sequence": None},
            "usage": {"output_tokens": answer.usage.output_tokens},
        }
        yield event(end, "message_delta")
        yield event({"type": "message_stop"}, "message_stop")

    def error(self, status: int, code: str, message: str) -> Mapping[str, Json]:
        """Return an error object."""
        kind = "billing_error" if code == "insufficient_quota" else _TYPES.get(status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}}


def _message(call: Call, answer: ModelAnswer) -> dict[str, Json]:
    used = answer.usage
    return {
        "id": "msg_loopback",
        "type": "message",
        "role": "assistant",
        "model": call.model,
        "stop_sequence": None,
        "usage": {
            # This vendor counts cached input beside the rest, not inside it.
            "input_tokens": used.input_tokens - used.cached_input_tokens,
            "cache_read_input_tokens": used.cached_input_tokens,
            "cache_creation_input_tokens": 0,
            "output_tokens": used.output_tokens,
        },
    }


class _Block(msgspec.Struct, frozen=True):
    """One part of a message: whole, and as a stream tells it."""

    whole: dict[str, Json]
    opened: dict[str, Json]
    deltas: tuple[dict[str, Json], ...] = ()


def _blocks(call: Call, answer: ModelAnswer) -> Iterator[_Block]:
    for thought in answer.thoughts:
        yield _thinking(thought)
    if answer.asks:
        if answer.text:
            yield _text(answer.text)
        for ask in answer.asks:
            yield _use(ask.id, ask.tool, spelled(ask))
    elif call.tool:
        yield _use("toolu_loopback", call.tool, answer.text)
    else:
        yield _text(answer.text)


def _text(text: str) -> _Block:
    block: dict[str, Json] = {"type": "text", "text": ""}
    deltas: tuple[dict[str, Json], ...] = tuple(
        {"type": "text_delta", "text": piece} for piece in cut(text)
    )
    return _Block({**block, "text": text}, block, tuple(deltas))


def _thinking(thought: Thought) -> _Block:
    if not thought.text:
        redacted: dict[str, Json] = {"type": "redacted_thinking", "data": thought.seal}
        return _Block(redacted, redacted)
    block: dict[str, Json] = {"type": "thinking", "thinking": "", "signature": ""}
    deltas: list[dict[str, Json]] = [
        {"type": "thinking_delta", "thinking": piece} for piece in cut(thought.text)
    ]
    deltas.append({"type": "signature_delta", "signature": thought.seal})
    full: dict[str, Json] = {**block, "thinking": thought.text, "signature": thought.seal}
    return _Block(full, block, tuple(deltas))


def _use(id_: str, name: str, text: str) -> _Block:
    block: dict[str, Json] = {"type": "tool_use", "id": id_, "name": name, "input": {}}
    deltas: tuple[dict[str, Json], ...] = tuple(
        {"type": "input_json_delta", "partial_json": piece} for piece in cut(text)
    )
    return _Block({**block, "input": arguments(text)}, block, tuple(deltas))


def _messages(item: Mapping[str, Json]) -> list[Message]:
    """Return what one message of the wire says: results of tools stand beside a user's words."""
    content = item.get("content")
    parts = [table(part) for part in listed(content)]
    role = cast(Literal["user", "assistant"], item.get("role", "user"))
    found = [
        Message(
            "tool",
            words(part.get("content")),
            answers=str(part.get("tool_use_id", "")),
            failed=part.get("is_error") is True,
        )
        for part in parts
        if part.get("type") == "tool_result"
    ]
    said = words([part for part in parts if part.get("type") == "text"] if parts else content)
    if said or not found:
        asks = (
            asked(part.get("id"), part.get("name"), part.get("input"))
            for part in parts
            if part.get("type") == "tool_use"
        )
        found.append(Message(role, said, thoughts=_thoughts(parts), asks=tuple(asks)))
    return found


def _thoughts(parts: Sequence[Mapping[str, Json]]) -> tuple[Thought, ...]:
    return tuple(
        Thought(str(part.get("thinking", "")), str(part.get("signature", part.get("data", ""))))
        for part in parts
        if part.get("type") in ("thinking", "redacted_thinking")
    )


def _stop(call: Call, answer: ModelAnswer) -> str:
    if answer.finish == "stop":
        return "tool_use" if call.tool or answer.asks else "end_turn"
    return "max_tokens" if answer.finish == "length" else "refusal"
