"""Hands policies to an OPA server, after the same look through as everywhere."""

from kapell.adapters.policies.opa.judge import OpaJudge
from kapell.adapters.policies.opa.server import OpaServer
from kapell.core.definitions.problems import Problems
from kapell.core.policies.linting.linter import entries, lint
from kapell.kit.errors import Place
from kapell.services.policies.ports import Judge, Sources

_PREFIX = "kapell/"
"""What the names of our modules on the server begin with; others are not touched."""


class OpaCompiler:
    """Lets an OPA server judge.

    Args:
        url: Address of the server.
        push: Whether modules are put there; else it has them from somebody else.
        token: What it is shown as bearer, or empty.
        timeout: Seconds an answer may take.
    """

    def __init__(self, url: str, *, push: bool = True, token: str = "", timeout: float = 2) -> None:
        self._server = OpaServer(url, token, timeout)
        self._push = push

    async def compile(self, sources: Sources) -> Judge:
        """Return who judges by these modules.

        Raises:
            DefinitionInvalid: With everything that is wrong in them.
            Unavailable: ``policy_judge_silent`` when the server does not answer.
        """
        _looked_through(sources)
        if self._push:
            await self._pushed(sources)
        return OpaJudge(self._server, entries(sources))

    async def lint(self, sources: Sources) -> None:
        """Look modules through. Raises DefinitionInvalid."""
        _looked_through(sources)

    async def _pushed(self, sources: Sources) -> None:
        # What others use goes first: a server takes no call of a function that it does not know.
        asked = {path for path, text in sources.items() if entries({path: text})}
        ordered = sorted(sources.items(), key=lambda one: (one[0] in asked, one[0]))
        wanted = {f"{_PREFIX}{path}": (path, text) for path, text in ordered}
        before = await self._server.modules()
        problems = Problems()
        for name, (path, text) in wanted.items():
            if before.get(name) == text:
                continue
            for row, column, message in await self._server.put(name, text):
                place = Place(file=path, line=row, column=column)
                problems.error("policy_syntax", f"OPA says: {message}.", place, "Correct it.")
        problems.raise_errors()
        for name in sorted(set(before) - set(wanted)):
            if name.startswith(_PREFIX):
                await self._server.remove(name)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._server.close()


def _looked_through(sources: Sources) -> None:
    problems = Problems()
    for one in lint(sources):
        problems.error(one.code, one.message, one.place, one.advice)
    problems.raise_errors()
