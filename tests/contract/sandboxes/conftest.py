"""Every sandbox under one suite: who it is, what it speaks, and how it is had on this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from kapell.adapters.sandbox.docker.sandbox import Docker, DockerOptions
from kapell.adapters.sandbox.e2b.sandbox import E2b, E2bOptions
from kapell.adapters.sandbox.embedded.sandbox import Monty
from kapell.adapters.sandbox.engines.sandbox import SqlSandbox
from kapell.kit.json import Json
from kapell.services.sandbox.ports import (
    Language,
    Outcome,
    Program,
    Sandbox,
    SandboxLimits,
    Unfit,
)
from kapell.testing.sandboxes.docker import FakeDocker
from kapell.testing.sandboxes.e2b import KEY, FakeE2b
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
    ) -> Outcome:
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
            return unfit.outcome


PLACES: tuple[tuple[str, Language], ...] = (
    ("monty", "python"),
    ("bubblewrap", "python"),
    ("bubblewrap", "javascript"),
    ("bubblewrap", "shell"),
    ("docker", "python"),
    ("docker", "javascript"),
    ("e2b", "python"),
    ("e2b", "javascript"),
    ("e2b", "shell"),
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


@asynccontextmanager
async def remote(name: str, language: Language) -> AsyncIterator[Sandbox]:
    """Yield the adapter of a sandbox elsewhere, before a fake that speaks its API over loopback."""
    await bubblewrap_for(language)  # the fakes run what they are given in it
    if name == "docker":
        async with FakeDocker(frozenset({"python", "node"})) as daemon:
            options = DockerOptions(url=daemon.url, image="python", javascript="node")
            yield Docker(options)
            assert daemon.containers == {}
        return
    async with FakeE2b() as e2b:
        yield E2b(E2bOptions(key=KEY, url=e2b.url, machines=e2b.machine_urls))
        assert e2b.machines == {}


@pytest.fixture(params=PLACES, ids=lambda one: f"{one[0]}-{one[1]}")
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    """Yield each sandbox with each language that it speaks."""
    name, language = request.param
    if name in ("docker", "e2b"):
        async with remote(name, language) as elsewhere:
            yield Place(elsewhere, language)
        return
    sandbox = await made(name, language)
    yield Place(sandbox, language)
    await sandbox.close()
