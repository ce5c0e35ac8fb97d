"""Deployments that are reached in a way of their own; settings a vendor's SDK cannot work with."""

import pytest
from pydantic import SecretStr

from kapell.adapters.llm.factories import factories, factory
from kapell.adapters.llm.settings import ProviderSettings
from kapell.adapters.system.clock import SystemClock
from kapell.core.gateway.calls import Message, ModelRequest
from kapell.core.gateway.routing.route import Deployment
from kapell.kit.errors import KapellError
from kapell.kit.ids import LOCAL
from kapell.services.gateway.door import Gateway
from kapell.services.gateway.routing.board import HealthBoard
from kapell.services.gateway.routing.router import Router
from kapell.testing.providers.http import HttpServer, Reply, Request
from kapell.testing.providers.server import API_VERSION, KEY, LoopbackProvider
from kapell.testing.stores.deployments import MemoryDeployments
from tests.integration.gateway.conftest import Free, Stage, request, route


@pytest.mark.requirement("LG-07")
async def test_two_regions_of_one_model_are_two_deployments(stage: Stage) -> None:
    async with LoopbackProvider() as west, LoopbackProvider() as east:
        await west.close()
        regions = [
            Deployment(name=f"azure:gpt-4o@{name}", model="azure:gpt-4o", base_url=name)
            for name in ("west", "east")
        ]
        apart = {
            one.name: factory(
                "azure",
                ProviderSettings(
                    base_url=provider.base_url("azure"),
                    api_key=SecretStr(KEY),
                    api_version=API_VERSION,
                ),
            )
            for one, provider in zip(regions, (west, east), strict=True)
        }
        clock = SystemClock()
        board = HealthBoard(stage.store.deployments, LOCAL, clock)
        router = Router({"smart": route(*regions)}, board, Free(), clock, lambda: 0.0)
        gateway = Gateway(factories({}), router, apart)
        await gateway.warm("smart")
        answer = await gateway.complete(request())
        assert answer.model == "azure:gpt-4o"
        assert [(one.deployment, one.outcome) for one in answer.tries] == [
            ("azure:gpt-4o@west", "failed"),
            ("azure:gpt-4o@east", "answered"),
        ]
        assert len(east.record.answered()) == 1
        await gateway.close()
        assert set(await stage.store.deployments.healths(LOCAL)) == {one.name for one in regions}


@pytest.mark.requirement("LG-07")
async def test_headers_of_a_deployment_are_sent_along() -> None:
    seen: list[str] = []

    async def serve(asked: Request, reply: Reply) -> None:
        seen.append(asked.headers.get("x-team", ""))
        await reply.send(500, b"{}")

    server = HttpServer(serve)
    await server.start(0)
    settings = ProviderSettings(
        base_url=f"http://127.0.0.1:{server.port}/v1", headers={"X-Team": "triage"}
    )
    gateway = Gateway({"openai": factory("openai", settings)})
    with pytest.raises(KapellError):
        await gateway.complete(
            ModelRequest(model="openai:gpt-5", messages=(Message("user", "hi"),), timeout=10)
        )
    assert seen == ["triage"]
    await gateway.close()
    await server.close()


async def test_settings_an_sdk_cannot_work_with_are_said_and_another_answers() -> None:
    settings = ProviderSettings(
        base_url="http://127.0.0.1:9/openai/v1", api_key=SecretStr(KEY), api_version=API_VERSION
    )
    clock = SystemClock()
    board = HealthBoard(MemoryDeployments(), LOCAL, clock)
    router = Router({"smart": route("azure:a", "offline")}, board, Free(), clock, lambda: 0.0)
    gateway = Gateway(factories({"azure": settings}), router)
    with pytest.raises(KapellError) as caught:
        await gateway.complete(ModelRequest(model="azure:a", messages=(Message("user", "hi"),)))
    assert caught.value.code == "model_setting_missing"
    assert "AZURE_OPENAI_ENDPOINT and OPENAI_API_VERSION" in caught.value.advice
    assert (await gateway.complete(request())).model == "offline"
    await gateway.close()


async def test_a_route_nobody_lets_us_into_is_unusable_and_not_tried_again() -> None:
    clock = SystemClock()
    board = HealthBoard(MemoryDeployments(), LOCAL, clock)
    router = Router({"smart": route("openai:a", "google:b")}, board, Free(), clock, lambda: 0.0)
    gateway = Gateway(factories({}), router)
    with pytest.raises(KapellError) as caught:
        await gateway.complete(request())
    assert caught.value.code == "route_unusable"
    assert not caught.value.retryable
    assert "OPENAI_API_KEY" in caught.value.advice
    for part in ("openai:a failed", "google:b failed", "model_key_missing"):
        assert part in caught.value.message
    await gateway.close()
