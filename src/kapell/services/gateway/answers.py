"""Answers given again: exact, per tenant, for a time, and never across trust labels."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

import msgspec

from kapell.core.gateway.calls import ModelAnswer, ModelRequest
from kapell.core.gateway.repeating import given_again, is_whole, key_of
from kapell.core.workflows.schemas import problem_of
from kapell.kit.errors import KapellError
from kapell.kit.ids import TenantId
from kapell.kit.json import encode
from kapell.services.gateway.ports import OnDelta

_decoder = msgspec.json.Decoder(ModelAnswer)


class KeptAnswers(Protocol):
    """Bytes by tenant and key, with an end; what keeps results of steps serves."""

    async def get(self, tenant_id: TenantId, key: str) -> bytes | None:
        """Return what is kept under ``key`` and has not ended."""
        ...

    async def put(self, tenant_id: TenantId, key: str, body: bytes, ttl: float) -> None:
        """Keep bytes for ``ttl`` seconds."""
        ...


class AnswerCache:
    """Gives the answers of requests that say so again.

    Args:
        kept: Where answers are kept.
        meaning: Says what stands behind the name of the model a request asks: answers of another
            meaning are others'.
    """

    def __init__(self, kept: KeptAnswers, meaning: Callable[[ModelRequest], str]) -> None:
        self._kept = kept
        self._meaning = meaning

    async def complete(
        self,
        request: ModelRequest,
        on_delta: OnDelta | None,
        ask: Callable[[], Awaitable[ModelAnswer]],
    ) -> ModelAnswer:
        """Return the kept answer, else that of ``ask``, which is kept when it is what was asked."""
        if request.cache <= 0 or not request.tenant:
            return await ask()
        tenant = TenantId(request.tenant)
        key = key_of(request, self._meaning(request))
        found = await self._find(tenant, key)
        if found is not None:
            if on_delta is not None and found.text:
                on_delta(found.text)
            return given_again(found)
        answer = await ask()
        if is_whole(answer) and _fits(request, answer):
            # An answer that cannot be kept is an answer all the same.
            with suppress(KapellError):
                body = encode(msgspec.structs.replace(answer, tries=()))
                await self._kept.put(tenant, key, body, request.cache)
        return answer

    async def _find(self, tenant: TenantId, key: str) -> ModelAnswer | None:
        with suppress(KapellError, msgspec.MsgspecError):
            body = await self._kept.get(tenant, key)
            return None if body is None else _decoder.decode(body)
        return None


def _fits(request: ModelRequest, answer: ModelAnswer) -> bool:
    if request.schema is None or answer.asks:
        return True
    return answer.value is not None and not problem_of(request.schema, answer.value)
