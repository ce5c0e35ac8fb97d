"""What makes each provider's adapter, for the gateway's registry.

Nothing here imports a vendor: the module that does is loaded when a factory is called.
"""

import functools
import importlib
from collections.abc import Mapping
from typing import cast

from kapell.adapters.llm.offline import OfflineModel
from kapell.adapters.llm.settings import ProviderSettings
from kapell.core.gateway.failures import failure
from kapell.core.gateway.providers import PROVIDERS, Provider
from kapell.services.gateway.ports import ModelFactory, ModelPort

_REMOTE = "kapell.adapters.llm.remote.models"
"""Loaded by name because it imports the vendors' SDKs, which takes two to three seconds."""


def factories(settings: Mapping[str, ProviderSettings]) -> dict[str, ModelFactory]:
    """Return the factory of every provider we speak to, and of the offline model.

    Args:
        settings: By prefix (``openai``); a provider without settings has its defaults.
    """
    made: dict[str, ModelFactory] = {"offline": OfflineModel}
    for prefix, provider in PROVIDERS.items():
        made[prefix] = functools.partial(
            _remote, provider, settings.get(prefix, ProviderSettings())
        )
    return made


def factory(prefix: str, settings: ProviderSettings) -> ModelFactory:
    """Return the factory of a provider's adapter that is reached in a way of its own."""
    return functools.partial(_remote, PROVIDERS[prefix], settings)


def _remote(provider: Provider, settings: ProviderSettings) -> ModelPort:
    """Make a provider's adapter, once it is clear that it could be asked at all."""
    if provider.key_needed and not settings.key and not _keyless(provider, settings):
        raise failure(
            "model_key_missing",
            f"There is no key for {provider.title}.",
            advice=f"Set {' or '.join(provider.key_names)} in the environment, "
            "or try the workflow with --model offline.",
        )
    if not (settings.base_url or provider.base_url):
        raise failure(
            "model_setting_missing",
            f"It is not said where {provider.title} is.",
            advice=f"Set {provider.base_url_name} in the environment.",
        )
    if provider.version_name and not settings.api_version:
        raise failure(
            "model_setting_missing",
            f"It is not said which API version {provider.title} shall speak.",
            advice=f"Set {provider.version_name} in the environment, for example to 2024-10-21.",
        )
    remote = importlib.import_module(_REMOTE)
    return cast(ModelPort, remote.RemoteModels(provider, settings))


def _keyless(provider: Provider, settings: ProviderSettings) -> bool:
    """Tell whether a server of one's own is asked, which may need no key."""
    return provider.prefix == "openai" and bool(settings.base_url)
