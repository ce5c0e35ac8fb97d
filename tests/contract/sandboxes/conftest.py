"""Every sandbox under one suite: who it is, what it speaks, and how it is had on this machine."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from kapell.adapters.sandbox.embedded.sandbox import Monty
from kapell.adapters.sandbox.engines.sandbox import SqlSandbox
from kapell.kit.json import Json
from kapell.services.sandbox.ports import (
    Execution,
    Language,
    Program,
    Sandbox,
    SandboxLimits,
    Unfit,
)
from tests.fixtures.sandboxes import bubblewrap_for


@dataclass
class Place:
    """A sandbox, and one language that it is asked in."""

    sandbox: Sandbox
    language: Language

    async def run(
        self,
        source: str,
        value: Json = None,
        files: dict[str, bytes] | None = None,
        limits: SandboxLimits | None = None,
    ) -> Execution:
        """Run a program; one that the sandbox would hand on is told as it went here."""
        program = Program(
            language=self.language,
            source=source,
            input=value,
            files=files or {},
            limits=limits or SandboxLimits(),
        )
        assert self.sandbox.takes(program)
        try:
            return await self.sandbox.run(program)
        except Unfit as unfit:
            return unfit.execution


PLACES: tuple[tuple[str, Language], ...] = (
    ("monty", "python"),
    ("bubblewrap", "python"),
    ("bubblewrap", "javascript"),
    ("bubblewrap", "shell"),
    ("duckdb", "sql"),
    ("sqlite", "sql"),
)


async def made(name: str, language: Language) -> Sandbox:
    """Return a sandbox by its name, or skip and say why there is none."""
    if name == "monty":
        return Monty(everything=True)
    if name == "duckdb":
        return SqlSandbox("duckdb")
    if name == "sqlite":
        return SqlSandbox("sqlite")
    return await bubblewrap_for(language)


@pytest.fixture(params=PLACES, ids=lambda one: f"{one[0]}-{one[1]}")
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    """Yield each sandbox with each language that it speaks."""
    name, language = request.param
    sandbox = await made(name, language)
    yield Place(sandbox, language)
    await sandbox.close()
