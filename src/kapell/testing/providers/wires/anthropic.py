"""Anthropic's messages wire."""

from collections.abc import Iterator, Mapping
from typing import Literal, cast

from kapell.core.gateway.calls import Message, ModelAnswer
from kapell.kit.json import Json
from kapell.testing.providers.call import Call
from kapell.testing.providers.http import Request
from kapell.testing.providers.wires.wire import (
    arguments,
    cut,
    event,
    listed,
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
        tools = [table(tool) for tool in listed(body.get("tools"))]
        system = words(body.get("system"))
        messages = [Message("system", system)] if system else []
        for item in listed(body.get("messages")):
            role = cast(Literal["user", "assistant"], table(item).get("role", "user"))
            messages.append(Message(role, words(table(item).get("content"))))
        return Call(
            wire="anthropic",
            model=str(body.get("model", "")),
            messages=tuple(messages),
            schema=tools[0].get("input_schema") if tools else output.get("schema"),
            tool=str(tools[0].get("name", "")) if tools else "",
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
        block: dict[str, Json] = {"type": "text", "text": answer.text}
        if call.tool:
            block = {**_tool(call), "input": arguments(answer.text)}
        return {**_message(call, answer), "content": [block], "stop_reason": _stop(call, answer)}

    def pieces(self, call: Call, answer: ModelAnswer) -> Iterator[bytes]:
        """Yield the events of a message."""
        start = {**_message(call, answer), "content": [], "stop_reason": None}
        yield event({"type": "message_start", "message": start}, "message_start")
        block: dict[str, Json] = _tool(call) if call.tool else {"type": "text", "text": ""}
        opened = {"type": "content_block_start", "index": 0, "content_block": block}
        yield event(opened, "content_block_start")
        for piece in cut(answer.text):
            delta: dict[str, Json] = {"type": "text_delta", "text": piece}
            if call.tool:
                delta = {"type": "input_json_delta", "partial_json": piece}
            added = {"type": "content_block_delta", "index": 0, "delta": delta}
            yield event(added, "content_block_delta")
        yield event({"type": "content_block_stop", "index": 0}, "content_block_stop")
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


def _tool(call: Call) -> dict[str, Json]:
    return {"type": "tool_use", "id": "toolu_loopback", "name": call.tool, "input": {}}


def _stop(call: Call, answer: ModelAnswer) -> str:
    if answer.finish == "stop":
        return "tool_use" if call.tool else "end_turn"
    return "max_tokens" if answer.finish == "length" else "refusal"
