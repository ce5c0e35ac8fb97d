"""What people do beside any run, put on record before it is done: no log of a run would tell it."""

from kapell.bootstrap.app import App
from kapell.kit.errors import KapellError
from kapell.kit.ids import RunId


async def close_breaker(app: App, agent: str | None = None) -> bool:
    """Let runs begin again, or an agent work again; False when they could already."""
    target = "tenant" if agent is None else f"agent {agent}"
    await app.audit.auditor.act("breaker.closed", target, "asked")
    if agent is None:
        return await app.limits.breaker.close(app.tenant)
    return await app.limits.agents.close(app.tenant, agent)


async def forget_names(app: App, conversation: str | None) -> int:
    """Erase the data behind the names of a conversation, or of all; return how many there were."""
    auditor = app.audit.auditor
    await auditor.act("names.forgotten", conversation or "all", "asked")
    count = await app.content.naming.forget(app.tenant, conversation)
    await auditor.act("names.forgotten", conversation or "all", "erased", names=count)
    return count


async def export_run(app: App, run: RunId) -> bytes:
    """Return a run as one file.

    Raises:
        KapellError: as the porter raises it.
    """
    await app.audit.auditor.act("run.exported", run, "asked")
    return await app.porter.export(run)


async def import_run(app: App, data: bytes) -> RunId:
    """Take in an exported run: what its log tells of itself is the word of its file.

    Raises:
        KapellError: as the porter raises it.
    """
    auditor = app.audit.auditor
    await auditor.act("run.imported", "file", "asked", bytes=len(data))
    try:
        run = await app.porter.load(data)
    except KapellError as error:
        await auditor.act("run.imported", "file", error.code)
        raise
    events = (await app.reader.run(app.tenant, run)).seq
    await auditor.act("run.imported", run, "stored", events=events)
    return run
