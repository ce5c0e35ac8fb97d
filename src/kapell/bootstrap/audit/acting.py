"""What people do beside any run, put on record before it is done: no log of a run would tell it."""

import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from kapell.adapters.db import maintenance
from kapell.bootstrap.app import App, open_app
from kapell.core.audit.compliance.report import Period, Report
from kapell.core.audit.record import Entry
from kapell.kit.clock import instant_text
from kapell.kit.errors import KapellError
from kapell.kit.ids import RunId
from kapell.services.audit.ports import Wanted
from kapell.settings.loading import load_settings

_RECORD = "record"


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


async def back_up(root: Path, target: Path, actor: str) -> bool:
    """Write a consistent copy of the database while it is in use.

    False when that is not on record: a database of another release is copied as it is, and opened
    by nobody before.

    Raises:
        KapellError: the copy, or its entry, cannot be written.
    """
    settings = load_settings(root)
    recordable = await maintenance.recordable(settings.database.url, target)
    if recordable:
        async with open_app(root, settings, actor=actor) as app:
            await app.audit.auditor.act("db.copied", _whole(target), "asked")
    await maintenance.backup(settings.database.url, target)
    return recordable


def _whole(target: Path) -> str:
    return os.path.abspath(target)


async def read_record(app: App, wanted: Wanted, back: int) -> tuple[Sequence[Entry], list[Entry]]:
    """Return the last entries that are wanted; if none are, the last ``back`` of all beside them.

    Raises:
        KapellError: that they are read cannot be put on record.
    """
    await app.audit.auditor.catch_up()
    found = await app.store.audit.entries(app.tenant, wanted)
    last: list[Entry] = []
    if not found:
        last += await app.store.audit.entries(app.tenant, Wanted(newest=True, limit=back))
    asked = {"run": wanted.run_id, "by": wanted.actor, "what": wanted.action, "as": wanted.verdict}
    chosen = {key: word for key, word in asked.items() if word}
    if wanted.since is not None:
        chosen["since"] = instant_text(wanted.since)
    if found:
        chosen |= {"first": str(found[-1].seq), "last": str(found[0].seq)}
    await app.audit.auditor.act("audit.shown", _RECORD, "asked", entries=len(found), **chosen)
    return found, last


async def export_record(app: App, after: int) -> AsyncIterator[Entry]:
    """Yield the entries after a number, the last of which says who took them out.

    Raises:
        KapellError: that they are taken out cannot be put on record.
    """
    await app.audit.auditor.catch_up()
    await app.audit.auditor.act("audit.exported", _RECORD, "asked", after=after)
    async for entry in app.audit.verifier.entries(Wanted(after=after)):
        yield entry


async def report_record(app: App, period: Period) -> Report:
    """Return the report of a period.

    Raises:
        KapellError: as the reporter raises it, or because it cannot be put on record.
    """
    bounds = {"since": period.since, "until": period.until}
    told = {key: instant_text(at) for key, at in bounds.items() if at is not None}
    await app.audit.auditor.act("audit.reported", _RECORD, "asked", **told)
    return await app.audit.reporter.report(period)
