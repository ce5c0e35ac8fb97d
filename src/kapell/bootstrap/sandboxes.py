"""Which sandboxes a process has, the lightest first, and whether they work here."""

from collections.abc import Iterator

from kapell.adapters.db.maintenance import Finding
from kapell.adapters.sandbox.bubblewrap.sandbox import Bubblewrap
from kapell.adapters.sandbox.docker.sandbox import Docker, DockerOptions
from kapell.adapters.sandbox.e2b.sandbox import E2b, E2bOptions
from kapell.adapters.sandbox.embedded.sandbox import Monty
from kapell.adapters.sandbox.engines.sandbox import SqlSandbox
from kapell.services.sandbox.choosing import AUTO, Sandboxes
from kapell.services.sandbox.ports import Language, Sandbox, SandboxLimits
from kapell.settings.loading import Settings


def sandboxes(settings: Settings) -> Sandboxes:
    """Return the sandboxes as the settings say."""
    own = settings.tools.sandbox
    limits = SandboxLimits(
        seconds=own.timeout,
        memory=own.memory,
        processes=own.processes,
        output=own.output,
        disk=own.disk,
    )
    return Sandboxes(tuple(_made(settings)), _chosen(settings), limits, own.packages)


def _chosen(settings: Settings) -> dict[Language, str]:
    own = settings.tools.sandbox
    return {
        "python": own.python,
        "javascript": own.javascript,
        "sql": own.sql,
        "shell": own.shell,
    }


def _made(settings: Settings) -> Iterator[Sandbox]:
    own = settings.tools.sandbox
    yield Monty(everything=own.python == Monty.name)
    yield Bubblewrap()
    if own.docker.url:
        yield Docker(
            DockerOptions(
                url=own.docker.url, image=own.docker.image, javascript=own.docker.javascript
            )
        )
    if own.e2b.key is not None:
        yield E2b(
            E2bOptions(
                key=own.e2b.key.get_secret_value(),
                url=own.e2b.url.rstrip("/"),
                machines=own.e2b.machines,
                template=own.e2b.template,
            )
        )
    yield SqlSandbox("duckdb")
    yield SqlSandbox("sqlite")


async def examine_sandboxes(settings: Settings) -> tuple[Finding, ...]:
    """Return which sandboxes work here and why others do not.

    One that nobody chose and that does not work is no failure, as long as its languages are not
    wanted: the finding says what is missing all the same.
    """
    apart = sandboxes(settings)
    chosen = {name for name in _chosen(settings).values() if name != AUTO}
    try:
        ready = await apart.readiness()
    finally:
        await apart.close()
    return tuple(
        Finding(
            name=f"sandbox {name}",
            ok=one.ok or name not in chosen,
            detail=f"{', '.join(one.languages)}: {one.detail}"
            if one.ok
            else f"does not work here: {one.detail}. {one.advice}",
            advice=one.advice,
        )
        for name, one in ready.items()
    )
