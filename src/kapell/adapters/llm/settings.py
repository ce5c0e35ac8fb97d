"""What an adapter must be told to reach a provider; read from the environment by settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Secret(Protocol):
    """A text that does not show itself; pydantic's ``SecretStr`` is one."""

    def get_secret_value(self) -> str:
        """Return the text itself."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """Where a provider is and how we are let in; what is empty is the provider's default."""

    base_url: str = ""
    api_key: Secret | None = None
    api_version: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Return the key's text, empty when there is none."""
        return self.api_key.get_secret_value() if self.api_key is not None else ""
