"""The one door to models: every model call of the product passes here.

It chooses the adapter by the model's prefix, holds the timeout and checks that the answer is
honest. It translates nothing and never asks another model in silence: only a route that somebody
wrote asks several, and its answer says which were asked and why.
"""

import asyncio
import difflib
from collections.abc import Mapping, Sequence
from contextlib import suppress

from kapell.core.gateway.calls import ModelAnswer, ModelRequest
from kapell.core.gateway.failures import failure, provider_of
from kapell.core.gateway.routing.order import likely
from kapell.core.gateway.routing.route import Deployment
from kapell.core.policies.notes import Note, unnoted
from kapell.kit.errors import Denied, KapellError
from kapell.services.gateway.answers import AnswerCache
from kapell.services.gateway.counts import QuotaGuard
from kapell.services.gateway.ports import Deployed, ModelFactory, ModelGate, ModelPort, OnDelta
from kapell.services.gateway.routing.router import Router

_OFFLINE = "offline"
_LEFT = 4
"""Adapters with a wrong key that stay open for the calls they still have under way."""

_UNWATCHED = ("offline", "scripted")
"""Providers without health: they are part of this process."""


class Gateway:
    """Asks models through the adapters of their providers.

    Args:
        factories: For each prefix (``openai``, ``offline`` ...) what makes its adapter.
        router: Carries out routes; without one there are none.
        apart: What makes the adapters of deployments that have one of their own, by their name.
        answers: Gives answers again, to requests that say so.
        quotas: Lets calls through while there is room; an answer given again needs none.
        gates: What every request and every answer passes, the first one outermost.
        deployed: Says whether one of a route's models may be asked for a request to the route.
    """

    def __init__(
        self,
        factories: Mapping[str, ModelFactory],
        router: Router | None = None,
        apart: Mapping[str, ModelFactory] | None = None,
        *,
        answers: AnswerCache | None = None,
        quotas: QuotaGuard | None = None,
        gates: Sequence[ModelGate] = (),
        deployed: Deployed | None = None,
    ) -> None:
        self._factories = dict(factories)
        self._router = router
        self._apart = dict(apart or {})
        self._answers = answers
        self._quotas = quotas
        self._gates = tuple(gates)
        self._deployed = deployed
        self._ports: dict[str, asyncio.Task[ModelPort]] = {}
        self._left: list[ModelPort] = []

    @property
    def providers(self) -> tuple[str, ...]:
        """Return the prefixes a model's name may have."""
        return tuple(self._factories)

    @property
    def router(self) -> Router | None:
        """Return who carries routes out."""
        return self._router

    def check(self, model: str) -> None:
        """Make sure that a model's name has a provider we know, or is that of a route.

        Raises:
            Missing: ``model_unknown``, with the nearest prefix.
        """
        if self._router is not None and model in self._router.routes:
            return
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

        The import runs in a thread; the event loop goes on. Of a route, those are made ready that
        may be asked first: the fallbacks' SDKs are imported when they are needed.
        """
        self.check(model)
        route = self._router.routes.get(model) if self._router is not None else None
        if route is None:
            await self._port(provider_of(model))
            return
        for deployment in likely(route):
            with suppress(KapellError):  # its calls will say so, and others answer
                await self._port(self._adapter_of(deployment))

    async def complete(
        self,
        request: ModelRequest,
        on_delta: OnDelta | None = None,
        intent: asyncio.Event | None = None,
        note: Note = unnoted,
    ) -> ModelAnswer:
        """Return the answer of the model that was asked, within the request's timeout.

        Args:
            request: What is asked.
            on_delta: Told each piece of the answer as it comes.
            intent: Nobody is asked before it is set, and no kept answer is given; what quotas need
                is set aside before.
            note: Takes what the gates decided.

        Raises:
            Held: a gate wants people asked first; nobody was asked.
            KapellError: With one of the codes of `kapell.core.gateway.failures`.
        """
        self.check(request.model)
        passed: list[ModelRequest] = []
        for gate in self._gates:
            request = await gate.before(request, note)
            passed.append(request)
            if on_delta is not None:
                on_delta = gate.listener(request, on_delta)
        answer = await self._complete(request, on_delta, intent, note)
        for gate, sent in reversed(list(zip(self._gates, passed, strict=True))):
            answer = await gate.after(sent, answer, note)
        return answer

    async def _complete(
        self,
        request: ModelRequest,
        on_delta: OnDelta | None,
        intent: asyncio.Event | None,
        note: Note,
    ) -> ModelAnswer:
        """Ask, with what quotas and kept answers have to say."""

        async def asked() -> ModelAnswer:
            return await self._chosen(request, on_delta, note)

        guard = self._quotas
        if intent is not None and (guard is None or request.cache > 0):
            await intent.wait()

        async def allowed() -> ModelAnswer:
            if guard is None:
                return await asked()
            return await guard.complete(request, asked, intent, note)

        if self._answers is None:
            return await allowed()
        return await self._answers.complete(request, on_delta, allowed)

    async def _chosen(
        self, request: ModelRequest, on_delta: OnDelta | None, note: Note
    ) -> ModelAnswer:
        """Ask the model that is named, or those of the route that may be asked."""
        router = self._router
        if router is not None and request.model in router.routes:
            route, made = router.routes[request.model], False

            async def ask(
                deployment: Deployment, one: ModelRequest, told: OnDelta | None
            ) -> ModelAnswer:
                nonlocal made
                if self._deployed is not None:
                    # Once somebody has been asked, nobody waits for people any more.
                    await self._deployed(request, deployment.model, note, not made)
                made = True
                return await self._ask(deployment, one, told)

            return await router.complete(route, request, on_delta, ask)
        if router is not None and provider_of(request.model) not in _UNWATCHED:
            return await router.watched(request, on_delta, self._ask)
        return await self._ask(
            Deployment(name=request.model, model=request.model), request, on_delta
        )

    async def _ask(
        self, deployment: Deployment, request: ModelRequest, on_delta: OnDelta | None
    ) -> ModelAnswer:
        """Ask one deployment once."""
        port = await self._port(self._adapter_of(deployment))
        limit = asyncio.timeout(request.timeout)
        try:
            async with limit:
                answer = await port.complete(request, on_delta)
        except Denied as error:
            if error.code == "model_key_wrong":
                await self._forget(self._adapter_of(deployment))
            raise
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise failure(
                "model_timeout",
                f"{request.model} did not answer within {request.timeout:.4g} seconds.",
            ) from error
        if answer.offline != (provider_of(request.model) == _OFFLINE):
            said = "comes from the offline model" if answer.offline else "hides that it is offline"
            raise failure("model_dishonest", f"{request.model} was asked, but the answer {said}.")
        return answer

    async def _forget(self, provider: str) -> None:
        """Make an adapter anew for the next call: the vault may hold another key by then."""
        task = self._ports.pop(provider, None)
        if task is not None and task.done() and not task.cancelled() and task.exception() is None:
            self._left.append(task.result())
        if len(self._left) > _LEFT:
            await self._left.pop(0).close()

    async def close(self) -> None:
        """Close every adapter that was made; one that could not be made has nothing to close."""
        if self._router is not None:
            await self._router.close()
        if self._quotas is not None:
            await self._quotas.close()
        tasks, self._ports = list(self._ports.values()), {}
        made = await asyncio.gather(*tasks, return_exceptions=True)
        for port in made:
            if not isinstance(port, BaseException):
                await port.close()
        for left in self._left:
            await left.close()

    def _adapter_of(self, deployment: Deployment) -> str:
        return deployment.name if deployment.name in self._apart else provider_of(deployment.model)

    async def _port(self, provider: str) -> ModelPort:
        """Return the adapter of a provider, made once however many ask at the same time."""
        factory = self._apart.get(provider) or self._factories[provider]
        task = self._ports.get(provider)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.create_task(asyncio.to_thread(factory))
            self._ports[provider] = task
        # Shielded: one caller's cancellation must not take the adapter from the others.
        return await asyncio.shield(task)
