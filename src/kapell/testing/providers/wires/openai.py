"""The chat completions wire: OpenAI's own, spoken by Ollama and Azure too."""

from collections.abc import Iterator, Mapping
from typing import Literal, cast

from kapell.core.gateway.calls import Message, ModelAnswer
from kapell.kit.json import Json
from kapell.testing.providers.call import Call, WireName
from kapell.testing.providers.http import Request
from kapell.testing.providers.wires.wire import cut, event, listed, table, whole_number, words

_ROLES = {"system": "system", "developer": "system", "assistant": "assistant"}
_CREATED = 1_760_000_000
_TYPES = {401: "authentication_error", 429: "rate_limit_error", 400: "invalid_request_error"}


class OpenAiWire:
    """``POST .../chat/completions``.

    Args:
        name: Which of the vendors that speak it.
    """

    def __init__(self, name: WireName) -> None:
        self._name = name

    def read(self, request: Request, body: Mapping[str, Json]) -> Call:
        """Return the call of a body."""
        response_format = table(table(body.get("response_format")).get("json_schema"))
        tools = [table(table(tool).get("function")) for tool in listed(body.get("tools"))]
        limit = body.get("max_completion_tokens", body.get("max_tokens"))
        return Call(
            wire=self._name,
            model=str(body.get("model", "")),
            messages=tuple(_message(table(item)) for item in listed(body.get("messages"))),
            schema=tools[0].get("parameters") if tools else response_format.get("schema"),
            tool=str(tools[0].get("name", "")) if tools else "",
            stream=body.get("stream") is True,
            max_output=whole_number(limit, 4096),
            key=request.headers.get("idempotency-key", ""),
        )

    def key(self, request: Request) -> str | None:
        """Return the bearer key, or Azure's."""
        if self._name == "ollama":
            return None
        if self._name == "azure":
            return request.headers.get("api-key", "")
        return request.headers.get("authorization", "").removeprefix("Bearer ")

    def whole(self, call: Call, answer: ModelAnswer) -> Mapping[str, Json]:
        """Return a completion."""
        message: dict[str, Json] = {"role": "assistant", "content": answer.text}
        if call.tool:
            message = {
                "role": "assistant",
                "content": None,
                "tool_calls": [_tool(call, answer.text)],
            }
        choice: dict[str, Json] = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": _finish(answer, call),
        }
        return {
            "id": "chatcmpl-loopback",
            "object": "chat.completion",
            "created": _CREATED,
            "model": call.model,
            "choices": [choice],
            "usage": _usage(answer),
        }

    def pieces(self, call: Call, answer: ModelAnswer) -> Iterator[bytes]:
        """Yield completion chunks, then the usage, then the end mark."""
        for number, piece in enumerate(cut(answer.text)):
            delta: dict[str, Json] = {"role": "assistant"} if number == 0 else {}
            if call.tool:
                tool = _tool(call, piece) if number == 0 else {"function": {"arguments": piece}}
                delta["tool_calls"] = [{"index": 0, **tool}]
            else:
                delta["content"] = piece
            yield event(_chunk(call, [{"index": 0, "delta": delta, "finish_reason": None}]))
        last: Json = {"index": 0, "delta": {}, "finish_reason": _finish(answer, call)}
        yield event(_chunk(call, [last]))
        yield event({**_chunk(call, []), "usage": _usage(answer)})
        yield b"data: [DONE]\n\n"

    def error(self, status: int, code: str, message: str) -> Mapping[str, Json]:
        """Return an error object."""
        kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _message(item: Mapping[str, Json]) -> Message:
    role = cast(Literal["system", "user", "assistant"], _ROLES.get(str(item.get("role")), "user"))
    return Message(role, words(item.get("content")))


def _tool(call: Call, arguments: str) -> dict[str, Json]:
    return {
        "id": "call_loopback",
        "type": "function",
        "function": {"name": call.tool, "arguments": arguments},
    }


def _chunk(call: Call, choices: list[Json]) -> dict[str, Json]:
    return {
        "id": "chatcmpl-loopback",
        "object": "chat.completion.chunk",
        "created": _CREATED,
        "model": call.model,
        "choices": choices,
    }


def _finish(answer: ModelAnswer, call: Call) -> str:
    if answer.finish == "stop":
        return "tool_calls" if call.tool else "stop"
    return "length" if answer.finish == "length" else "content_filter"


def _usage(answer: ModelAnswer) -> dict[str, Json]:
    used = answer.usage
    return {
        "prompt_tokens": used.input_tokens,
        "completion_tokens": used.output_tokens,
        "total_tokens": used.total,
        "prompt_tokens_details": {"cached_tokens": used.cached_input_tokens},
        "completion_tokens_details": {"reasoning_tokens": used.reasoning_tokens},
    }
