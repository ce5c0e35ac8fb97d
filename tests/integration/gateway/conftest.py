"""Routes over real HTTP: a loopback provider behind every vendor's wire, healths in SQLite."""

import random
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import SecretStr

from kapell.adapters.db import Store, open_store
from kapell.adapters.llm.factories import factories
from kapell.adapters.llm.settings import ProviderSettings
from kapell.adapters.system.clock import SystemClock
from kapell.core.gateway.calls import Message, ModelRequest
from kapell.core.gateway.routing.route import Choosing, Deployment, Member, Route
from kapell.core.pricing.quote import Quote
from kapell.kit.ids import LOCAL
from kapell.services.gateway.door import Gateway
from kapell.services.gateway.routing.board import HealthBoard
from kapell.services.gateway.routing.router import Router
from kapell.testing.providers.call import WIRES
from kapell.testing.providers.server import API_VERSION, KEY, LoopbackProvider

OPENAI, AZURE, OLLAMA = "openai:gpt-5-mini", "azure:gpt-4o", "ollama:llama3.2"
"""Three providers of one SDK: importing the others takes seconds."""


class Free:
    """Everything costs nothing, but for what is listed: US dollars per million tokens."""

    def __init__(self, dollars: Mapping[str, int] | None = None) -> None:
        self._dollars = dollars or {}

    def quote(self, model: str) -> Quote:
        """Return the price."""
        price = self._dollars.get(model, 0) * 10**9
        return Quote(model=model, input_price=price, output_price=price)


@dataclass
class Stage:
    """A loopback provider, a store, and as many gateways to them as there are workers."""

    provider: LoopbackProvider
    store: Store
    gateways: list[Gateway] = field(default_factory=list)

    def worker(
        self,
        *routes: Route,
        key: str = KEY,
        prices: Free | None = None,
        seed: int = 7,
        addresses: Mapping[str, str] | None = None,
    ) -> Gateway:
        """Return the gateway of one more worker; ``addresses`` of providers that are elsewhere."""
        settings: dict[str, ProviderSettings] = {
            wire: ProviderSettings(
                base_url=(addresses or {}).get(wire) or self.provider.base_url(wire),
                api_key=SecretStr(key),
                api_version=API_VERSION,
            )
            for wire in WIRES
        }
        clock = SystemClock()
        board = HealthBoard(self.store.deployments, LOCAL, clock)
        draw: Callable[[], float] = random.Random(seed).random  # noqa: S311 - repeatable
        router = Router({r.name: r for r in routes}, board, prices or Free(), clock, draw)
        gateway = Gateway(factories(settings), router)
        self.gateways.append(gateway)
        return gateway

    def asked(self) -> list[str]:
        """Return the wires that were asked, in order."""
        return [one.wire for one in self.provider.record.entries if one.what == "received"]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A loopback provider and a store in a file."""
    store = open_store(f"sqlite:///{tmp_path / 'kapell.db'}")
    await store.open()
    async with LoopbackProvider() as provider:
        stage = Stage(provider, store)
        yield stage
        for gateway in stage.gateways:
            await gateway.close()
    await store.close()


def route(
    *models: str | Deployment | Route, choose: Choosing = "listed", patience: float = 10.0
) -> Route:
    """Return a route named ``smart`` over models."""
    members = tuple(
        Member(Deployment(name=one, model=one) if isinstance(one, str) else one) for one in models
    )
    return Route(name="smart", members=members, choose=choose, patience=patience)


def request(
    text: str = "Reply: my invoice is wrong", timeout: float = 20.0, key: str = "run/step#1/1"
) -> ModelRequest:
    """Return a request to that route."""
    return ModelRequest(
        model="smart",
        messages=(Message("system", "You help."), Message("user", text)),
        timeout=timeout,
        idempotency_key=key,
    )
