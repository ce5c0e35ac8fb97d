"""How deployments with an address or a key of their own are reached; keys from the environment."""

import os
from collections.abc import Mapping

from pydantic import SecretStr

from kapell.core.gateway.routing.route import Deployment
from kapell.settings.sections import ProviderSection


def reached(deployment: Deployment, providers: Mapping[str, ProviderSection]) -> ProviderSection:
    """Return the settings of a deployment: its own before those of its provider.

    A key of the provider's is never sent to another address: a deployment with an address of its
    own and a key needs to name the key's variable too.
    """
    provider = providers.get(deployment.model.partition(":")[0], ProviderSection())
    key = provider.api_key
    if deployment.key_variable:
        found = os.environ.get(deployment.key_variable, "").strip()
        key = SecretStr(found) if found else None
    elif deployment.base_url:
        key = None
    return ProviderSection(
        base_url=deployment.base_url or provider.base_url,
        api_key=key,
        api_version=provider.api_version,
    )
