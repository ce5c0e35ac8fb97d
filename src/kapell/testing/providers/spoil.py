"""How each fault looks on the wire."""

import asyncio
import itertools
import json
from collections.abc import Mapping

import msgspec

from kapell.core.gateway.calls import ModelAnswer
from kapell.testing.providers.call import Call
from kapell.testing.providers.faults import Fault
from kapell.testing.providers.http import Reply
from kapell.testing.providers.wires.wire import Wire

_PAGE = b"<!doctype html><html><title>Sign in</title><h1>Gateway login</h1></html>"
_REFUSALS: Mapping[str, tuple[int, str, str]] = {
    "rate_limit": (429, "rate_limit_exceeded", "Rate limit reached."),
    "quota": (429, "insufficient_quota", "You exceeded your current quota."),
    "server_error": (500, "server_error", "The server had an error."),
    "overloaded": (503, "overloaded", "The engine is overloaded."),
    "away": (503, "unavailable", "The service is away for maintenance."),
    "too_long": (
        400,
        "context_length_exceeded",
        "prompt is too long: it exceeds the maximum context length of 8192 tokens",
    ),
    "refused": (400, "invalid_value", "A value of the request is not allowed."),
}

_PAUSED = ("rate_limit", "away")
"""Faults whose response names a Retry-After."""


async def spoil(
    fault: Fault, wire: Wire, call: Call, answer: ModelAnswer, reply: Reply
) -> ModelAnswer | None:
    """Spoil a call's response; return the answer to send after all, None when it is done."""
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
        return answer
    if fault.kind == "filtered":
        return msgspec.structs.replace(answer, text=answer.text[:5], finish="filter")
    if fault.kind == "empty":
        return msgspec.structs.replace(answer, text="")
    if fault.kind in _REFUSALS:
        status, code, message = _REFUSALS[fault.kind]
        headers = {"retry-after": f"{fault.seconds:g}"} if fault.kind in _PAUSED else {}
        body = json.dumps(wire.error(status, code, message)).encode()
        await reply.send(status, body, headers=headers)
    elif fault.kind == "html":
        await reply.send(200, _PAGE, "text/html; charset=utf-8")
    elif fault.kind == "wrong_shape":
        await _say(reply, call, b'{"hello": "world"}')
    elif fault.kind == "broken_json":
        whole = json.dumps(wire.whole(call, answer)).encode()
        await _say(reply, call, whole[: len(whole) // 2])
    else:
        await _cut(wire, call, answer, reply, properly=fault.kind == "ends_early")
    return None


async def _say(reply: Reply, call: Call, body: bytes) -> None:
    """Send a body that is no answer, in the form the caller waits for."""
    if not call.stream:
        await reply.send(200, body)
        return
    await reply.start()
    await reply.piece(b"data: " + body + b"\n\n")
    await reply.end()


async def _cut(
    wire: Wire, call: Call, answer: ModelAnswer, reply: Reply, *, properly: bool
) -> None:
    """Send about half of an answer and stop."""
    if not call.stream:
        body = json.dumps(wire.whole(call, answer)).encode()
        half = len(body) // 2
        await reply.send(200, body[:half], promise=len(body) - half)
        reply.cut()
        return
    await reply.start()
    pieces = list(wire.pieces(call, answer))
    for piece in itertools.islice(pieces, max(1, len(pieces) // 3)):
        await reply.piece(piece)
    if properly:
        await reply.end()
    else:
        reply.cut()
