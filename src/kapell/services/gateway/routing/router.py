"""The loop of a route: choose, ask, learn, and again until somebody answers or nobody can."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from time import perf_counter
from typing import Literal

import msgspec

from kapell.core.approvals.held import Held
from kapell.core.gateway.calls import Message, ModelAnswer, ModelRequest, Try, Turned
from kapell.core.gateway.complexity.choosing import choose_for
from kapell.core.gateway.complexity.rules import DEFAULT
from kapell.core.gateway.offline import tokens
from kapell.core.gateway.routing.choice import Ask, Choice, GiveUp, Sight, Wait, choose
from kapell.core.gateway.routing.endings import UNCERTAIN, gave_up, mendable, refused, turning
from kapell.core.gateway.routing.health import Outcome, Report, outcome_of
from kapell.core.gateway.routing.order import Load
from kapell.core.gateway.routing.route import Deployment, Route, deployments, within
from kapell.core.gateway.routing.split import share_of
from kapell.core.pricing.quote import Quote, worst_cost
from kapell.kit.clock import Clock
from kapell.kit.errors import KapellError
from kapell.kit.json import Json, encode
from kapell.services.gateway.ports import OnDelta
from kapell.services.gateway.routing.board import HealthBoard
from kapell.services.gateway.routing.gates import Gates
from kapell.services.gateway.routing.ports import Asking, Prices

_NAMED = "the model that was named"
"""Why a model is asked that no route chose."""

_FAIR = 5.0
"""Seconds a deployment must have had before a timeout is held against it."""

_PROBE_GRACE = 1.0
"""Seconds beyond its timeout after which a probe that nobody told the end of is forgotten."""


class _Call:
    """One request on its way through a route."""

    def __init__(self, route: Route, request: ModelRequest, costs: Mapping[str, int]) -> None:
        self.route = route
        self.request = request
        self.costs = costs
        self.size = _size(route, request)
        self.share = share_of(request, route)
        self.prompt = {
            one.name: choose_for(request, one.rules or DEFAULT)
            for one in within(route)
            if one.choose == "complexity"
        }
        self.until = asyncio.get_running_loop().time() + request.timeout
        self.patience = route.patience
        self.tries: list[Try] = []
        self.errors: list[KapellError] = []
        self.failed: dict[str, str] = {}

    @property
    def left(self) -> float:
        return self.until - asyncio.get_running_loop().time()

    def skip(self, skipped: tuple[Try, ...]) -> None:
        """Note what was not asked; the same obstacle of the same deployment once."""
        known = {(one.deployment, one.code) for one in self.tries}
        self.tries += [one for one in skipped if (one.deployment, one.code) not in known]

    def wait(self, choice: Wait, seconds: float) -> None:
        """Note that it was waited; however often that was looked at, it is one wait."""
        self.patience -= seconds
        one = Try(
            deployment=choice.of.name,
            model=choice.of.model,
            outcome="waited",
            code=choice.code,
            reason=choice.reason,
            seconds=seconds,
        )
        last = self.tries[-1] if self.tries else one
        if last.outcome == "waited" and last.deployment == one.deployment:
            one = msgspec.structs.replace(one, seconds=last.seconds + seconds)
            self.tries.pop()
        self.tries.append(one)


class Router:
    """Carries routes out.

    Args:
        routes: By name.
        board: How deployments are.
        prices: Needed by routes that choose the cheapest.
        clock: The time healths are told in.
        draw: Gives numbers in [0, 1).
    """

    def __init__(
        self,
        routes: Mapping[str, Route],
        board: HealthBoard,
        prices: Prices,
        clock: Clock,
        draw: Callable[[], float],
    ) -> None:
        self.routes = dict(routes)
        self._board = board
        self._prices = prices
        self._clock = clock
        self._draw = draw
        self._gates = Gates()
        self._quotes: dict[str, Quote | None] = {}

    async def complete(
        self, route: Route, request: ModelRequest, on_delta: OnDelta | None, ask: Asking
    ) -> ModelAnswer:
        """Return the first answer a deployment of the route gives.

        Raises:
            KapellError: One that names every try: ``route_failed``, ``route_limited`` or
                ``route_unusable``, or the code of a failure that nobody else can mend.
        """
        call = _Call(route, request, await self._costs(route, request))
        await self._board.look()
        while True:
            choice = choose(route, self._sight(call))
            call.skip(choice.skipped)
            if isinstance(choice, GiveUp):
                last = call.errors[-1] if call.errors else None
                raise gave_up(route, call.tries, choice, call.errors) from last
            if isinstance(choice, Wait):
                begun = perf_counter()
                await self._gates.wait(choice.seconds)
                call.wait(choice, perf_counter() - begun)
            elif await self._may_ask(choice):
                answer = await self._try(call, choice, on_delta, ask)
                if answer is not None:
                    return answer

    async def preferred(self, route: Route, request: ModelRequest) -> Choice:
        """Return whom a request would ask now, without asking; it takes no place and no probe."""
        call = _Call(route, request, await self._costs(route, request))
        await self._board.look()
        return choose(route, self._sight(call))

    async def watched(
        self, request: ModelRequest, on_delta: OnDelta | None, ask: Asking
    ) -> ModelAnswer:
        """Return a model's answer as it comes; what becomes of it counts for its health.

        One that turns the model's breaker, an answer or an error, holds that as its only try.
        """
        deployment = Deployment(name=request.model, model=request.model)
        choice = Ask(deployment=deployment, reason=_NAMED, timeout=request.timeout)
        begun = perf_counter()
        try:
            answer = await ask(deployment, request, on_delta)
        except KapellError as error:
            seconds = perf_counter() - begun
            change = self._report(deployment, error, seconds, request.timeout)
            if change is None:
                raise
            raise turning(error, _made(choice, "failed", seconds, change, error.code)) from error
        seconds = perf_counter() - begun
        change = self._report(deployment, None, seconds, request.timeout)
        if change is None:
            return answer
        one = _made(choice, "answered", seconds, change)
        return msgspec.structs.replace(answer, model=request.model, tries=(one,))

    async def close(self) -> None:
        """Store what was learnt."""
        await self._board.close()

    def _sight(self, call: _Call) -> Sight:
        now = self._clock.now()
        load = Load(
            draw=self._draw(),
            share=call.share,
            in_flight=self._gates.in_flight,
            costs=call.costs,
            prompt=call.prompt,
        )
        return Sight(
            now=now,
            left=call.left,
            patience=call.patience,
            load=load,
            tokens=call.size,
            health=self._board.known,
            rates=self._gates.rates,
            tried=call.failed,
            tries=sum(one.outcome == "failed" for one in call.tries),
        )

    async def _may_ask(self, choice: Ask) -> bool:
        """Tell whether the chosen one may be asked: of those that probe, one at a time."""
        if not choice.probe:
            return True
        until = self._clock.now() + choice.timeout + _PROBE_GRACE
        return await self._board.probe(choice.deployment.name, until)

    async def _try(
        self, call: _Call, choice: Ask, on_delta: OnDelta | None, ask: Asking
    ) -> ModelAnswer | None:
        """Ask a deployment; return None when another one may be asked instead."""
        deployment = choice.deployment
        request = msgspec.structs.replace(
            call.request,
            model=deployment.model,
            timeout=choice.timeout,
            messages=_said(deployment, call.request),
        )
        pieces = _Pieces(on_delta) if on_delta is not None else None
        begun = perf_counter()
        try:
            with self._gates.passed(deployment, self._clock.now()):
                answer = await ask(deployment, request, pieces)
        except Held:
            raise  # nobody was asked: people are, about the whole request
        except KapellError as error:
            seconds = perf_counter() - begun
            change = self._report(deployment, error, seconds, choice.timeout)
            call.tries.append(_made(choice, "failed", seconds, change, error.code))
            call.errors.append(error)
            call.failed[deployment.name] = error.code
            others = [one for one in deployments(call.route) if one.name not in call.failed]
            if not mendable(error, deployment, others):
                raise refused(call.route, call.tries, error) from error
            if pieces is not None:
                pieces.void()
            return None
        seconds = perf_counter() - begun
        change = self._report(deployment, None, seconds, choice.timeout)
        call.tries.append(_made(choice, "answered", seconds, change))
        return msgspec.structs.replace(answer, model=deployment.model, tries=tuple(call.tries))

    def _report(
        self, deployment: Deployment, error: KapellError | None, seconds: float, given: float
    ) -> Turned | None:
        outcome: Outcome | None = "answered" if error is None else outcome_of(error.code)
        if outcome is None:
            return None
        hasty = given < (deployment.timeout or _FAIR)
        if error is not None and error.code == "model_timeout" and hasty:
            return None
        return self._board.note(
            Report(
                deployment=deployment.name,
                outcome=outcome,
                at=self._clock.now(),
                seconds=seconds,
                code=error.code if error is not None else "",
                retry_after=error.retry_after if error is not None else None,
                breaker=deployment.breaker,
            )
        )

    async def _costs(self, route: Route, request: ModelRequest) -> dict[str, int]:
        """Return what the request costs at most where that decides; who has no price comes last."""
        if all(one.choose != "cheapest" for one in within(route)):
            return {}
        size = _tokens(request)
        found: dict[str, int] = {}
        for one in deployments(route):
            if one.model not in self._quotes:
                self._quotes[one.model] = await asyncio.to_thread(self._quote, one.model)
            quote = self._quotes[one.model]
            if quote is not None:
                found[one.name] = int(worst_cost(quote, size, request.max_output))
        return found

    def _quote(self, model: str) -> Quote | None:
        with suppress(KapellError):
            return self._prices.quote(model)
        return None


class _Pieces:
    """Hands pieces of an answer on, and voids them when another deployment begins anew."""

    def __init__(self, on_delta: OnDelta) -> None:
        self._on_delta = on_delta
        self._told = False

    def __call__(self, text: str) -> None:
        if text:
            self._told = True
            self._on_delta(text)

    def void(self) -> None:
        if self._told:
            self._on_delta("")


def _made(
    choice: Ask,
    outcome: Literal["answered", "failed"],
    seconds: float,
    change: Turned | None,
    code: str = "",
) -> Try:
    return Try(
        deployment=choice.deployment.name,
        model=choice.deployment.model,
        outcome=outcome,
        code=code,
        reason=f"probe: {choice.reason}" if choice.probe else choice.reason,
        seconds=seconds,
        uncertain=code in UNCERTAIN,
        turned=change,
    )


def _said(deployment: Deployment, request: ModelRequest) -> tuple[Message, ...]:
    if not deployment.prompt:
        return request.messages
    return (Message("system", deployment.prompt), *request.messages)


def _size(route: Route, request: ModelRequest) -> int:
    """Return the tokens a model must have room for, by estimate, where that decides."""
    if all(one.context is None for one in deployments(route)):
        return 0
    return _tokens(request) + request.max_output


def _tokens(request: ModelRequest) -> int:
    size = sum(tokens.count(message.text) for message in request.messages)
    beside: list[Json] = [request.schema] if request.schema is not None else []
    beside += [offer.args for offer in request.tools]
    return size + sum(tokens.count(encode(one).decode()) for one in beside)
