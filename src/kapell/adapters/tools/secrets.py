"""Secrets of tools from the environment, and from nowhere else: no file holds them."""

from collections.abc import Mapping

from kapell.kit.ids import TenantId

PREFIX = "KAPELL_SECRET_"


class EnvironmentSecrets:
    """Finds a secret under ``KAPELL_SECRET_NAME``, else under ``NAME``, in capital letters."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def get(self, tenant_id: TenantId, name: str) -> str | None:
        """Return a secret, None when it is not set or empty."""
        plain = name.upper()
        return self._environ.get(PREFIX + plain) or self._environ.get(plain) or None

    def advice(self, name: str) -> str:
        """Return the sentence that says how to set it."""
        return f"Set {PREFIX}{name.upper()} in the environment of whoever carries out runs."
