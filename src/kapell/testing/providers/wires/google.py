"""Gemini's generateContent wire."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

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

_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
_SCHEMAS = ("parametersJsonSchema", "parameters_json_schema", "parameters")
_NO_SIGNATURE = base64.b64encode(b"skip_thought_signature_validator").decode()
_REASONS = {"stop": "STOP", "length": "MAX_TOKENS", "filter": "SAFETY"}


class GoogleWire:
    """``POST .../models/NAME:generateContent`` and ``:streamGenerateContent``."""

    def read(self, request: Request, body: Mapping[str, Json]) -> Call:
        """Return the call of a path and a body."""
        name, _, action = request.path.rpartition("/")[2].partition(":")
        config = table(body.get("generationConfig"))
        functions = [
            table(function)
            for tool in listed(body.get("tools"))
            for function in listed(table(tool).get("functionDeclarations"))
        ]
        forced = table(table(body.get("toolConfig")).get("functionCallingConfig"))
        target, tools = apart(
            offers(functions, *_SCHEMAS),
            must=forced.get("mode") == "ANY",
        )
        system = words(table(body.get("systemInstruction")).get("parts"))
        messages = [Message("system", system)] if system else []
        for item in listed(body.get("contents")):
            messages += _messages(table(item))
        shaped = config.get("responseJsonSchema", config.get("responseSchema"))
        return Call(
            wire="google",
            model=name,
            messages=tuple(messages),
            schema=target.args if target else shaped,
            tool=target.name if target else "",
            tools=tools,
            stream=action == "streamGenerateContent",
            max_output=whole_number(config.get("maxOutputTokens"), 4096),
            key=request.headers.get("idempotency-key", ""),
        )

    def key(self, request: Request) -> str | None:
        """Return the key of its header."""
        return request.headers.get("x-goog-api-key", "")

    def whole(self, call: Call, answer: ModelAnswer) -> Mapping[str, Json]:
        """Return a response with one candidate."""
        return _response(call, list(_parts(call, answer, [answer.text])), answer, finished=True)

    def pieces(self, call: Call, answer: ModelAnswer) -> Iterator[bytes]:
        """Yield responses whose candidates add up; the last one says why it stopped."""
        parts = list(_parts(call, answer, list(cut(answer.text))))
        for number, part in enumerate(parts, 1):
            yield event(_response(call, [part], answer, finished=number == len(parts)))

    def error(self, status: int, code: str, message: str) -> Mapping[str, Json]:
        """Return an error object."""
        name = _STATUSES.get(status, "INTERNAL")
        details: list[Json] = []
        if code == "insufficient_quota":
            violation = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}
            details = [
                {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}
            ]
        return {"error": {"code": status, "message": message, "status": name, "details": details}}


def _parts(call: Call, answer: ModelAnswer, texts: Sequence[str]) -> Iterator[dict[str, Json]]:
    """Yield the parts of an answer; this vendor signs what follows a thought, not the thought."""
    seal = ""
    for thought in answer.thoughts:
        seal = seal or thought.seal
        if thought.text:
            yield {"text": thought.text, "thought": True}
    calls: list[dict[str, Json]] = [
        {"functionCall": {"id": ask.id, "name": ask.tool, "args": arguments(spelled(ask))}}
        for ask in answer.asks
    ]
    if call.tool and not calls:
        calls = [{"functionCall": {"name": call.tool, "args": arguments(answer.text)}}]
    elif answer.text or not calls:
        signed: dict[str, Json] = {} if calls or not seal else {"thoughtSignature": seal}
        for number, text in enumerate(texts, 1):
            yield {"text": text, **(signed if number == len(texts) else {})}
    for number, one in enumerate(calls):
        yield {**one, "thoughtSignature": seal} if seal and number == 0 else one


def _messages(item: Mapping[str, Json]) -> list[Message]:
    """Return what one content of the wire says: results of tools stand beside a user's words."""
    parts = [table(part) for part in listed(item.get("parts"))]
    found = [
        _observation(table(part["functionResponse"]))
        for part in parts
        if "functionResponse" in part
    ]
    said = words([part for part in parts if part.get("thought") is not True])
    if said or not found:
        thoughts = tuple(
            Thought(str(part.get("text", "")) if part.get("thought") else "", _signature(part))
            for part in parts
            if part.get("thought") or _signature(part)
        )
        asks = tuple(
            asked(call.get("id"), call.get("name"), call.get("args"))
            for part in parts
            for call in [table(part.get("functionCall"))]
            if call
        )
        role: Literal["assistant", "user"] = "assistant" if item.get("role") == "model" else "user"
        found.append(Message(role, said, thoughts=thoughts, asks=asks))
    return found


def _signature(part: Mapping[str, Json]) -> str:
    """Return a part's seal; the one the vendor documents as none is none."""
    seal = str(part.get("thoughtSignature", ""))
    return "" if seal == _NO_SIGNATURE else seal


def _observation(result: Mapping[str, Json]) -> Message:
    response = table(result.get("response"))
    said = response.get("error", response.get("return_value", response.get("output", response)))
    return Message(
        "tool",
        said if isinstance(said, str) else json.dumps(said, ensure_ascii=False),
        answers=str(result.get("id", "")),
        tool=str(result.get("name", "")),
        failed="error" in response,
    )


def _response(
    call: Call, parts: Sequence[Json], answer: ModelAnswer, *, finished: bool
) -> dict[str, Json]:
    candidate: dict[str, Json] = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    used = answer.usage
    if finished:
        candidate["finishReason"] = _REASONS[answer.finish]
    return {
        "candidates": [candidate],
        "modelVersion": call.model,
        "responseId": "loopback",
        "usageMetadata": {
            "promptTokenCount": used.input_tokens,
            "cachedContentTokenCount": used.cached_input_tokens,
            # This vendor counts thoughts beside the answer, not inside it.
            "candidatesTokenCount": used.output_tokens - used.reasoning_tokens,
            "thoughtsTokenCount": used.reasoning_tokens,
            "totalTokenCount": used.total,
        },
    }
