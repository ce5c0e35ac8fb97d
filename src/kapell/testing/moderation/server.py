"""A server on loopback that moderates as OpenAI's does, by the words of a fake."""

import json

from kapell.testing.moderation.fake import FakeModeration
from kapell.testing.providers.http import Reply, Request
from kapell.testing.providers.listening import Listening


class LoopbackModeration(Listening):
    """Speaks ``POST /v1/moderations``; use it as ``async with LoopbackModeration(fake) as one:``.

    Args:
        fake: Says what it says.
        key: What has to be shown as bearer; empty: nothing.

    Attributes:
        models: The models that were asked for.
        sizes: How many texts each request held.
        broken: Answers that it gives in place of its own, one each: a status and a body.
    """

    def __init__(self, fake: FakeModeration, key: str = "") -> None:
        super().__init__()
        self._fake = fake
        self._key = key
        self.models: list[str] = []
        self.sizes: list[int] = []
        self.broken: list[tuple[int, bytes]] = []

    @property
    def url(self) -> str:
        """Return the address to set as ``guardrails.moderation.url``."""
        return f"{self.origin}/v1"

    async def _serve(self, request: Request, reply: Reply) -> None:
        if self.broken:
            await reply.send(*self.broken.pop(0))
            return
        if self._key and request.headers.get("authorization") != f"Bearer {self._key}":
            await reply.send(401, b'{"error": {"message": "wrong key"}}')
            return
        if (request.method, request.path) != ("POST", "/v1/moderations"):
            await reply.send(404, b"{}")
            return
        asked = json.loads(request.body)
        self.models.append(asked["model"])
        self.sizes.append(len(asked["input"]))
        results = []
        for one in await self._fake.judge(asked["input"]):
            results.append(
                {
                    "flagged": bool(one.flagged),
                    "categories": {name: name in one.flagged for name in one.scores},
                    "category_scores": dict(one.scores),
                }
            )
        answer = {"id": "modr-1", "model": asked["model"], "results": results}
        await reply.send(200, json.dumps(answer).encode())
