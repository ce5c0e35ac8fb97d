"""The compiler of this process, loaded when there is something to compile."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kapell.core.policies.asking.documents import Asked, Document
from kapell.core.policies.builtin import READ, answered, is_known
from kapell.kit.json import Json
from kapell.services.policies.ports import Judge, Sources

if TYPE_CHECKING:
    from kapell.adapters.policies.rego.trying import Trials

_LIBRARY = "library/"


class RegoCompiler:
    """Compiles with regopy. What that lets pass although it is wrong is looked for before.

    Args:
        state: The folder of the workspace's state, where is kept what went well in a trial.
        trials: Tries what is about to be compiled; None: as usual, in a process of its own.
    """

    def __init__(self, state: Path | None = None, trials: "Trials | None" = None) -> None:
        self._state = state
        self._trials = trials

    async def compile(self, sources: Sources) -> Judge:
        """Return who judges by these modules; the built-in ones alone are compiled when asked.

        Raises:
            DefinitionInvalid: With everything that is wrong in them.
        """
        if all(path.startswith(_LIBRARY) for path in sources):
            return _Later(sources)
        return await asyncio.to_thread(self._tried, sources)

    async def lint(self, sources: Sources) -> None:
        """Look modules through.

        Raises:
            DefinitionInvalid: With everything that is wrong in them.
        """
        if all(path.startswith(_LIBRARY) for path in sources):
            return
        await asyncio.to_thread(self._tried, sources)

    def _tried(self, sources: Sources) -> Judge:
        from kapell.adapters.policies.rego.compiling import (  # noqa: PLC0415 - loads 20 MB, on use
            compiled,
        )
        from kapell.adapters.policies.rego.trying import Trials  # noqa: PLC0415 - as above

        if self._trials is None:
            self._trials = Trials(self._state)
        return compiled(sources, self._trials.problems)

    async def close(self) -> None:
        """Interpreters and bundles go with those who hold them."""


class _Later:
    """Judges by the built-in modules, whose rules are known without an interpreter."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._known = is_known(sources)
        self.reads = READ if self._known else None
        self._judge: Judge | None = None
        self._lock = asyncio.Lock()
        self.packages = frozenset(
            match[1]
            for text in sources.values()
            for match in re.finditer(r"(?m)^package (\S+)", text)
        )

    async def evaluate(
        self, packages: Sequence[str], document: Document | Json
    ) -> Mapping[str, Json]:
        """Return what packages evaluate to for an input document."""
        if self._known and isinstance(document, Asked):
            return answered(packages, document)
        async with self._lock:
            if self._judge is None:
                self._judge = await asyncio.to_thread(_compiled, self._sources)
        return await self._judge.evaluate(packages, document)


def _compiled(sources: Sources) -> Judge:
    from kapell.adapters.policies.rego.compiling import (  # noqa: PLC0415 - loads 20 MB, on use
        compiled,
    )

    return compiled(sources)
