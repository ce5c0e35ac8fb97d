"""Gemini's generateContent wire."""

from collections.abc import Iterator, Mapping

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

_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
_REASONS = {"stop": "STOP", "length": "MAX_TOKENS", "filter": "SAFETY"}


class GoogleWire:
    """``POST .../models/NAME:generateContent`` and ``:streamGenerateContent``."""

    def read(self, request: Request, body: Mapping[str, Json]) -> Call:
        """Return the call of a path and a body."""
        name, _, action = request.path.rpartition("/")[2].partition(":")
        config = table(body.get("generationConfig"))
        tools = [
            table(function)
            for tool in listed(body.get("tools"))
            for function in listed(table(tool).get("functionDeclarations"))
        ]
        system = words(table(body.get("systemInstruction")).get("parts"))
        messages = [Message("system", system)] if system else []
        for item in listed(body.get("contents")):
            said = words(table(item).get("parts"))
            messages.append(
                Message("assistant" if table(item).get("role") == "model" else "user", said)
            )
        asked = config.get("responseJsonSchema", config.get("responseSchema"))
        return Call(
            wire="google",
            model=name,
            messages=tuple(messages),
            schema=tools[0].get("parametersJsonSchema") if tools else asked,
            tool=str(tools[0].get("name", "")) if tools else "",
            stream=action == "streamGenerateContent",
            max_output=whole_number(config.get("maxOutputTokens"), 4096),
            key=request.headers.get("idempotency-key", ""),
        )

    def key(self, request: Request) -> str | None:
        """Return the key of its header."""
        return request.headers.get("x-goog-api-key", "")

    def whole(self, call: Call, answer: ModelAnswer) -> Mapping[str, Json]:
        """Return a response with one candidate."""
        return _response(call, [_part(call, answer.text)], answer, finished=True)

    def pieces(self, call: Call, answer: ModelAnswer) -> Iterator[bytes]:
        """Yield responses whose candidates add up; the last one says why it stopped."""
        texts = [answer.text] if call.tool else list(cut(answer.text))
        for number, piece in enumerate(texts, 1):
            finished = number == len(texts)
            yield event(_response(call, [_part(call, piece)], answer, finished=finished))

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


def _part(call: Call, text: str) -> Json:
    if call.tool:
        return {"functionCall": {"name": call.tool, "args": arguments(text)}}
    return {"text": text}


def _response(
    call: Call, parts: list[Json], answer: ModelAnswer, *, finished: bool
) -> dict[str, Json]:
    candidate: dict[str, Json] = {"content": {"role": "model", "parts": parts}, "index": 0}
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
