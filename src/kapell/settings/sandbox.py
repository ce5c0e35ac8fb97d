"""The settings of sandboxes: where programs run, with what limits, and what they may import."""

from typing import Literal

from pydantic import Field, SecretStr

from kapell.settings.sections import Seconds, Section

MEGABYTE = 1024 * 1024


class DockerSettings(Section):
    """A Docker that may run programs."""

    url: str = ""
    """Address of its API: `unix:///var/run/docker.sock` or `http://host:2375`. Empty: not used."""

    image: str = "python:3.12-slim"
    """Image for Python and command lines; it has to be there, and hold `python3`."""

    javascript: str = "node:22-bookworm"
    """Image for JavaScript; it has to be there, and hold `node` and `python3`."""


class E2bSettings(Section):
    """E2B, which runs programs in machines of its own."""

    key: SecretStr | None = None
    """The key; set it in the environment (`KAPELL_TOOLS__SANDBOX__E2B__KEY`). None: not used."""

    url: str = "https://api.e2b.app"
    """Address of its API."""

    machines: str = ""
    """Address of the machines it makes, `{id}` and `{port}` in it; empty: as the API says."""

    template: str = "base"
    """Template of the machines."""


class SandboxSettings(Section):
    """Where the programs of `code` steps, `code.run` and `shell.run` run."""

    python: Literal["auto", "monty", "bubblewrap", "docker", "e2b"] = "auto"
    """Where Python runs. `auto`: in monty what only computes, the rest in bubblewrap, else in
    Docker or E2B where they are set up."""

    javascript: Literal["auto", "bubblewrap", "docker", "e2b"] = "auto"
    """Where JavaScript runs."""

    sql: Literal["auto", "duckdb", "sqlite"] = "auto"
    """Which engine runs SQL: DuckDB reads tables of the run's folder, SQLite is always there."""

    shell: Literal["auto", "bubblewrap", "docker", "e2b"] = "auto"
    """Where command lines run; never outside a sandbox."""

    timeout: Seconds = Field(default=30.0, gt=0, le=86_400)
    """Seconds a program may take when it does not say."""

    memory: int = Field(default=512 * MEGABYTE, ge=32 * MEGABYTE, le=1024 * 1024 * MEGABYTE)
    """Bytes of memory, over all processes of a program."""

    processes: int = Field(default=64, ge=1, le=4096)
    """Processes and threads a program may have at once."""

    output: int = Field(default=MEGABYTE, ge=1024, le=64 * MEGABYTE)
    """Bytes a program may write to its two outputs; for SQL, bytes of its rows."""

    disk: int = Field(default=256 * MEGABYTE, ge=MEGABYTE, le=16 * 1024 * MEGABYTE)
    """Bytes of files a program may leave; it is held in memory."""

    packages: tuple[str, ...] = ()
    """Python packages that programs may ask for. They have to be installed beside Kapell; nothing
    is ever downloaded for a program."""

    docker: DockerSettings = DockerSettings()
    """A Docker that may run programs."""

    e2b: E2bSettings = E2bSettings()
    """E2B, which runs programs in machines of its own."""
