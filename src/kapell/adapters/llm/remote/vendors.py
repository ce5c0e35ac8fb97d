"""How a model of each vendor is made; each function imports its own SDK and no other."""

from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import urlsplit, urlunsplit

import httpx2
from pydantic_ai.models import Model

from kapell.adapters.llm.settings import ProviderSettings
from kapell.core.gateway.providers import Provider

ModelMaker: TypeAlias = Callable[[str], Model]
_NO_KEY = "not-needed"


def maker(provider: Provider, settings: ProviderSettings, http: httpx2.AsyncClient) -> ModelMaker:
    """Return what makes a vendor's model from its name without the prefix."""
    base = settings.base_url or provider.base_url
    return _MAKERS[provider.prefix](base, settings, http)


def _openai(base: str, settings: ProviderSettings, http: httpx2.AsyncClient) -> ModelMaker:
    from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415 - SDK on use

    from kapell.adapters.llm.remote.plain import (  # noqa: PLC0415 - SDK on use
        PlainClient,
        PlainModel,
    )

    client = PlainClient(
        base_url=base, api_key=settings.key or _NO_KEY, http_client=http, max_retries=0
    )
    provider = OpenAIProvider(openai_client=client)
    return lambda name: PlainModel(name, provider=provider)


def _anthropic(base: str, settings: ProviderSettings, http: httpx2.AsyncClient) -> ModelMaker:
    from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415 - SDK on use
    from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415 - SDK on use

    root = base.rstrip("/").removesuffix("/v1")
    provider = AnthropicProvider(base_url=root, api_key=settings.key, http_client=http)
    return lambda name: AnthropicModel(name, provider=provider)


def _google(base: str, settings: ProviderSettings, http: httpx2.AsyncClient) -> ModelMaker:
    from pydantic_ai.models.google import GoogleModel  # noqa: PLC0415 - SDK on use
    from pydantic_ai.providers.google import GoogleProvider  # noqa: PLC0415 - SDK on use

    root = base.rstrip("/").removesuffix("/v1beta").removesuffix("/v1")
    provider = GoogleProvider(base_url=root, api_key=settings.key, http_client=http)
    return lambda name: GoogleModel(name, provider=provider)


def _ollama(base: str, settings: ProviderSettings, http: httpx2.AsyncClient) -> ModelMaker:
    from pydantic_ai.models.ollama import OllamaModel  # noqa: PLC0415 - SDK on use
    from pydantic_ai.providers.ollama import OllamaProvider  # noqa: PLC0415 - SDK on use

    parts = urlsplit(base)
    # People know Ollama by host and port; its OpenAI wire lives under /v1.
    url = base if parts.path.strip("/") else urlunsplit(parts._replace(path="/v1"))
    provider = OllamaProvider(base_url=url, api_key=settings.key or _NO_KEY, http_client=http)
    return lambda name: OllamaModel(name, provider=provider)


def _azure(base: str, settings: ProviderSettings, http: httpx2.AsyncClient) -> ModelMaker:
    from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415 - SDK on use
    from pydantic_ai.providers.azure import AzureProvider  # noqa: PLC0415 - SDK on use

    provider = AzureProvider(
        azure_endpoint=base,
        api_version=settings.api_version,
        api_key=settings.key,
        http_client=http,
    )
    return lambda name: OpenAIChatModel(name, provider=provider)


_MAKERS: dict[str, Callable[[str, ProviderSettings, httpx2.AsyncClient], ModelMaker]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "google": _google,
    "ollama": _ollama,
    "azure": _azure,
}
