"""Every kind of model behind the same gateway; the vendors over real HTTP on loopback."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from kapell.adapters.llm.factories import factories
from kapell.adapters.llm.settings import ProviderSettings
from kapell.core.gateway.calls import Message, ModelRequest
from kapell.kit.json import Json
from kapell.services.gateway.door import Gateway
from kapell.testing.models.scripted import ScriptedModel
from kapell.testing.providers.call import WIRES
from kapell.testing.providers.server import API_VERSION, KEY, LoopbackProvider

HERE = Path(__file__).parent
VENDORS = {
    "openai": "openai:gpt-5-mini",
    "anthropic": "anthropic:claude-haiku-4-5",
    "anthropic-by-tool": "anthropic:claude-of-a-year-without-json-mode",
    "google": "google:gemini-2.5-flash",
    "ollama": "ollama:llama3.2",
    "ollama-by-tool": "ollama:gpt-oss:20b-cloud",
    "azure": "azure:gpt-4o",
}
"""Names of models that answer in their own JSON mode and, by tool, of some that do not."""

ALL = {**VENDORS, "offline": "offline", "scripted": "scripted:inline"}

TRIAGE: Json = {
    "type": "object",
    "required": ["urgency"],
    "properties": {"urgency": {"enum": ["low", "high"]}},
}


@dataclass
class Stage:
    """What a contract test works with."""

    provider: LoopbackProvider
    gateway: Gateway


def gateway_to(provider: LoopbackProvider, key: str = KEY) -> Gateway:
    """Return a gateway whose every vendor is the loopback provider."""
    settings: dict[str, ProviderSettings] = {
        wire: ProviderSettings(
            base_url=provider.base_url(wire), api_key=SecretStr(key), api_version=API_VERSION
        )
        for wire in WIRES
    }
    script: Json = [
        {"label": "structured*", "value": {"urgency": "high"}},
        {"label": "*", "text": "A scripted answer. ✓ è 語"},
    ]
    return Gateway({**factories(settings), "scripted": lambda: ScriptedModel(Path.cwd(), script)})


def asked(
    model: str,
    text: str = "Reply: my invoice is wrong",
    schema: Json = None,
    *,
    key: str = "run/step#1/1",
    timeout: float = 20.0,
    max_output: int = 4096,
    label: str = "",
) -> ModelRequest:
    """Return a request as an agent makes it."""
    return ModelRequest(
        model=model,
        messages=(Message("system", "You sort support tickets."), Message("user", text)),
        schema=schema,
        idempotency_key=key,
        timeout=timeout,
        max_output=max_output,
        label=label or ("structured#1/1" if schema is not None else "text#1/1"),
    )


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A loopback provider and a gateway to it."""
    async with LoopbackProvider() as provider:
        gateway = gateway_to(provider)
        yield Stage(provider, gateway)
        await gateway.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave all vendors but one out of the fast suite: each SDK takes a second to import."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.xdist_group("models"))
            if any(name in item.name for name in VENDORS if name != "openai"):
                item.add_marker(pytest.mark.slow)


@pytest.fixture(params=list(ALL.values()), ids=list(ALL))
def model(request: pytest.FixtureRequest) -> str:
    """Each model there is."""
    return str(request.param)


@pytest.fixture(params=list(VENDORS.values()), ids=list(VENDORS))
def vendor(request: pytest.FixtureRequest) -> str:
    """Each model that is asked over HTTP."""
    return str(request.param)
