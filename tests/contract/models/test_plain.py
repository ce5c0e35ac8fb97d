"""Our shorter way through OpenAI's wire ends where the SDK's and pydantic-ai's long way ends."""

import json

import pytest

from kapell.kit.json import Json
from kapell.testing.providers.http import Reply, Request
from kapell.testing.providers.listening import Listening

CALL: Json = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
MESSAGE: Json = {"role": "assistant", "content": "blue"}
CHOICE: dict[str, Json] = {"index": 0, "finish_reason": "stop", "message": MESSAGE}
USAGE: dict[str, Json] = {
    "prompt_tokens": 20,
    "completion_tokens": 5,
    "total_tokens": 25,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
ANSWER: dict[str, Json] = {
    "id": "one",
    "object": "chat.completion",
    "created": 1_700_000_000,
    "model": "gpt-5-mini-2025",
    "choices": [CHOICE],
    "usage": USAGE,
}


def answer(**changes: Json) -> str:
    """Return the answer with changes."""
    return json.dumps(ANSWER | changes)


def choice(message: dict[str, Json] | None = None, **changes: Json) -> str:
    """Return the answer with a choice of changes."""
    said: Json = {"role": "assistant", "content": "blue", **(message or {})}
    return answer(choices=[{"index": 0, "finish_reason": "stop", "message": said, **changes}])


ODD = {
    "as described": answer(),
    "with calls": choice({"content": None, "tool_calls": [CALL]}, finish_reason="tool_calls"),
    "with reasoning": choice({"reasoning_content": "first, then"}),
    "with fields nobody knows": answer(provider="x", choices=[{**CHOICE, "native": 1}]),
    "refused": choice({"content": None, "refusal": "no"}),
    "without a time": answer(created=None),
    "without usage": answer(usage=None),
    "usage of text": answer(usage={**USAGE, "prompt_tokens": "20"}),
    "stopped for no reason": choice(finish_reason=None),
    "stopped for a reason of its own": choice(finish_reason="guarded"),
    "a service of its own": answer(service_tier="on_demand"),
    "content in parts": choice({"content": [{"type": "text", "text": "bl"}, "ue"]}),
    "no object": answer(object=None),
    "no choices": answer(choices=[]),
    "choices that are none": answer(choices=None),
    "a message that is none": answer(choices=[{"index": 0, "finish_reason": "stop"}]),
    "a list": "[1, 2]",
    "nothing": "",
    "a page": "<html>down</html>",
    "half": answer()[:80],
}


class Odd(Listening):
    """Answers every request alike."""

    body, kind = "", "application/json"

    async def _serve(self, request: Request, reply: Reply) -> None:
        del request
        await reply.send(200, self.body.encode(), self.kind)


@pytest.mark.requirement("LG-02")
@pytest.mark.parametrize("kind", ["application/json", "text/plain; charset=utf-8"])
@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
async def test_the_short_way_ends_where_the_long_one_does(body: str, kind: str) -> None:
    from tests.contract.models.ways import (  # noqa: PLC0415 - SDKs take seconds to import
        by_the_long_way,
        by_the_short_way,
    )

    async with Odd() as server:
        server.body, server.kind = body, kind
        assert await by_the_long_way(server.origin) == await by_the_short_way(server.origin)


async def test_what_is_as_described_is_checked_once() -> None:
    """What does not pass goes the longer way."""
    from tests.contract.models.ways import (  # noqa: PLC0415 - SDKs take seconds to import
        short_client,
        short_model,
    )

    async with Odd() as server, short_client(server.origin) as client:
        model = short_model(client)
        for body, once in (("as described", True), ("stopped for a reason of its own", False)):
            server.body = ODD[body]
            said = await client.chat.completions.create(model="m", messages=[])
            assert (model._validate_completion(said) is said) is once
