"""The one door to models: every model call of the product passes here.

It chooses the adapter by the model's prefix, holds the timeout and checks that the answer is
honest. It translates nothing and never asks another model in silence.
"""

import asyncio
import difflib
from collections.abc import Mapping

from kapell.core.gateway.calls import ModelAnswer, ModelRequest
from kapell.core.gateway.failures import failure, provider_of
from kapell.services.gateway.ports import ModelFactory, ModelPort, OnDelta

_OFFLINE = "offline"


class Gateway:
    """Asks models through the adapters of their providers.

    Args:
        factories: For each prefix (``openai``, ``offline`` ...) what makes its adapter.
    """

    def __init__(self, factories: Mapping[str, ModelFactory]) -> None:
        self._factories = dict(factories)
        self._ports: dict[str, asyncio.Task[ModelPort]] = {}

    @property
    def providers(self) -> tuple[str, ...]:
        """Return the prefixes a model's name may have."""
        return tuple(self._factories)

    def check(self, model: str) -> None:
        """Make sure that a model's name has a provider we know.

        Raises:
            Missing: ``model_unknown``, with the nearest prefix.
        """
        provider, _, name = model.partition(":")
        if provider in self._factories and (name or provider == _OFFLINE):
            return
        near = difflib.get_close_matches(provider, self._factories, n=1)
        hint = f"Did you mean {near[0]}? " if near and near[0] != provider else ""
        known = ", ".join(
            prefix if prefix == _OFFLINE else f"{prefix}:..." for prefix in self._factories
        )
        raise failure(
            "model_unknown",
            f"No provider serves the model {model!r}.",
            advice=f"{hint}Models are written provider:name; known here: {known}.",
        )

    async def warm(self, model: str) -> None:
        """Make a model's adapter ready, so that the first call does not wait for an SDK's import.

        The import runs in a thread; the event loop goes on.
        """
        self.check(model)
        await self._port(provider_of(model))

    async def complete(self, request: ModelRequest, on_delta: OnDelta | None = None) -> ModelAnswer:
        """Return the answer of the model that was asked, within the request's timeout.

        Raises:
            KapellError: With one of the codes of `kapell.core.gateway.failures`.
        """
        self.check(request.model)
        port = await self._port(provider_of(request.model))
        limit = asyncio.timeout(request.timeout)
        try:
            async with limit:
                answer = await port.complete(request, on_delta)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise failure(
                "model_timeout",
                f"{request.model} did not answer within {request.timeout:g} seconds.",
            ) from error
        if answer.offline != (provider_of(request.model) == _OFFLINE):
            said = "comes from the offline model" if answer.offline else "hides that it is offline"
            raise failure("model_dishonest", f"{request.model} was asked, but the answer {said}.")
        return answer

    async def close(self) -> None:
        """Close every adapter that was made; one that could not be made has nothing to close."""
        tasks, self._ports = list(self._ports.values()), {}
        made = await asyncio.gather(*tasks, return_exceptions=True)
        for port in made:
            if not isinstance(port, BaseException):
                await port.close()

    async def _port(self, provider: str) -> ModelPort:
        """Return the adapter of a provider, made once however many ask at the same time."""
        task = self._ports.get(provider)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.create_task(asyncio.to_thread(self._factories[provider]))
            self._ports[provider] = task
        # Shielded: one caller's cancellation must not take the adapter from the others.
        return await asyncio.shield(task)
