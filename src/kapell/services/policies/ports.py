"""What the policies of a workspace need: their files, and somebody who can judge by them."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from kapell.core.policies.asking.documents import Document
from kapell.kit.json import Json
from kapell.services.workflows.ports import Stamp

Sources = Mapping[str, str]
"""Modules by the path of their file."""


class PolicyFiles(Protocol):
    """Where the policies of a workspace lie."""

    def names(self, folder: str, endings: tuple[str, ...]) -> tuple[str, ...]:
        """Return the paths of the files in a folder with one of these endings, sorted."""
        ...

    def stamp(self, path: str) -> Stamp:
        """Return what changes when a file changes."""
        ...

    def read(self, path: str) -> bytes:
        """Return what a file holds."""
        ...


class Judge(Protocol):
    """Rules made ready to be asked."""

    @property
    def packages(self) -> frozenset[str]:
        """Return the packages that hold anything: no other one is asked."""
        ...

    @property
    def reads(self) -> frozenset[str] | None:
        """Return the parts of documents that rules look at; None: any."""
        ...

    async def evaluate(
        self, packages: Sequence[str], document: Document | Json
    ) -> Mapping[str, Json]:
        """Return what packages evaluate to for an input document, or for its plain values.

        Raises:
            KapellError: no answer was to be had; the call must not be made then.
        """
        ...


class Compiler(Protocol):
    """Makes rules ready."""

    async def compile(self, sources: Sources) -> Judge:
        """Return who judges by these modules.

        Raises:
            DefinitionInvalid: With everything that is wrong in them.
            KapellError: no judge is to be had.
        """
        ...

    async def lint(self, sources: Sources) -> None:
        """Look modules through without making them ready.

        Raises:
            DefinitionInvalid: With everything that is wrong in them.
        """
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...


class GoodPolicies(Protocol):
    """Keeps the last good version of a workspace's policies."""

    def last(self) -> Sources | None:
        """Return the sources of the last good version, None when there never was one."""
        ...

    def keep(self, sources: Sources) -> None:
        """Keep a version that was found good."""
        ...
