"""Judges by asking an OPA server."""

from collections.abc import Mapping, Sequence

import msgspec

from kapell.adapters.policies.opa.server import OpaServer
from kapell.core.policies.asking.documents import Document
from kapell.kit.errors import Denied
from kapell.kit.json import Json


class OpaJudge:
    """Asks a server; what is not plainly an answer is an error.

    Args:
        server: The server.
        entries: The packages that are asked, with the rules of theirs that are read.
    """

    def __init__(self, server: OpaServer, entries: Mapping[str, Sequence[str]]) -> None:
        self._server = server
        self._entries = entries
        self.packages = frozenset(entries)
        self.reads = None
        """The rules that the server has may be others than ours."""

    async def evaluate(
        self, packages: Sequence[str], document: Document | Json
    ) -> Mapping[str, Json]:
        """Return what packages evaluate to for an input document."""
        plain: Json = msgspec.to_builtins(document)
        return {package: await self._answer(package, plain) for package in packages}

    async def _answer(self, package: str, document: Json) -> Json:
        found = await self._server.evaluate(package.replace(".", "/"), document)
        if not isinstance(found, Mapping):
            raise Denied(
                f"The policy server has no package {package}.",
                code="policy_failed",
                advice="Give it the policies of the workspace, or set policies.opa.push.",
            )
        return {rule: found[rule] for rule in self._entries.get(package, ()) if rule in found}
