"""The chat completions wire: OpenAI's own, spoken by Ollama and Azure too."""

from collections.abc import Iterator, Mapping
from typing import Literal, cast

from kapell.core.gateway.calls import Message, ModelAnswer, Thought
from kapell.kit.json import Json
from kapell.testing.providers.call import Call, WireName
from kapell.testing.providers.http import Request
from kapell.testing.providers.wires.wire import (
    apart,
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
        self._thinking = "reasoning" if name == "ollama" else "reasoning_content"

    def read(self, request: Request, body: Mapping[str, Json]) -> Call:
        """Return the call of a body."""
        response_format = table(table(body.get("response_format")).get("json_schema"))
        functions = [table(table(tool).get("function")) for tool in listed(body.get("tools"))]
        target, tools = apart(
            offers(functions, "parameters"),
            must=body.get("tool_choice") not in (None, "auto", "none"),
        )
        limit = body.get("max_completion_tokens", body.get("max_tokens"))
        return Call(
            wire=self._name,
            model=str(body.get("model", "")),
            messages=tuple(_message(table(item)) for item in listed(body.get("messages"))),
            schema=target.args if target else response_format.get("schema"),
            tool=target.name if target else "",
            tools=tools,
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
        calls = _calls(call, answer)
        said = answer.text if answer.asks or not calls else ""
        message: dict[str, Json] = {"role": "assistant", "content": said or (None if calls else "")}
        if calls:
            message["tool_calls"] = calls
        if answer.thoughts:
            message[self._thinking] = "".join(thought.text for thought in answer.thoughts)
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
        for delta in self._deltas(call, answer):
            yield event(_chunk(call, [{"index": 0, "delta": delta, "finish_reason": None}]))
        last: Json = {"index": 0, "delta": {}, "finish_reason": _finish(answer, call)}
        yield event(_chunk(call, [last]))
        yield event({**_chunk(call, []), "usage": _usage(answer)})
        yield b"data: [DONE]\n\n"

    def _deltas(self, call: Call, answer: ModelAnswer) -> Iterator[dict[str, Json]]:
        yield {"role": "assistant"}
        for thought in answer.thoughts:
            for piece in cut(thought.text):
                yield {self._thinking: piece}
        calls = _calls(call, answer)
        if answer.asks or not calls:
            for piece in cut(answer.text):
                yield {"content": piece}
        for index, one in enumerate(calls):
            function = table(one["function"])
            head = {**function, "arguments": ""}
            yield {"tool_calls": [{"index": index, **one, "function": head}]}
            for piece in cut(str(function["arguments"])):
                yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}

    def error(self, status: int, code: str, message: str) -> Mapping[str, Json]:
        """Return an error object."""
        kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _message(item: Mapping[str, Json]) -> Message:
    said = words(item.get("content"))
    if item.get("role") == "tool":
        failed = said.startswith('{"error":')
        return Message("tool", said, answers=str(item.get("tool_call_id", "")), failed=failed)
    role = cast(Literal["system", "user", "assistant"], _ROLES.get(str(item.get("role")), "user"))
    calls = [table(one) for one in listed(item.get("tool_calls"))]
    asks = (
        asked(one.get("id"), function.get("name"), function.get("arguments"))
        for one in calls
        for function in [table(one.get("function"))]
    )
    thinking = item.get("reasoning_content") or item.get("reasoning")
    thoughts = (Thought(str(thinking)),) if thinking else ()
    return Message(role, said, asks=tuple(asks), thoughts=thoughts)


def _calls(call: Call, answer: ModelAnswer) -> list[dict[str, Json]]:
    """Return the tool calls of an answer: those asked for, else the one that holds it."""
    made = [(ask.id, ask.tool, spelled(ask)) for ask in answer.asks]
    if call.tool and not made:
        made = [("call_loopback", call.tool, answer.text)]
    return [
        {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}
        for id_, name, arguments in made
    ]


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
        return "tool_calls" if call.tool or answer.asks else "stop"
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
