"""Sealed keys and their uses, the same SQL for both databases."""

from collections.abc import Mapping, Sequence
from typing import get_args

from kapell.adapters.db import rows
from kapell.adapters.db.reader import Fetch, Record
from kapell.kit.ids import TenantId
from kapell.kit.text import checked
from kapell.services.vault.ports import Action, KeyUse, SealedKey

_ADD = """
INSERT INTO keys (tenant_id, name, version, body, master, created_at)
SELECT CAST($1 AS text), CAST($2 AS text), coalesce(max(version), 0) + 1, CAST($3 AS text),
    CAST($4 AS text), kapell_now()
FROM keys WHERE tenant_id = $1 AND name = $2
"""
_ALL = """
SELECT name, version, body, master, created_at FROM keys WHERE tenant_id = $1
ORDER BY name, version
"""
_NEWEST = """
SELECT name, version, body, master, created_at FROM keys WHERE tenant_id = $1 AND name = $2
ORDER BY version DESC LIMIT 1
"""
_MINE = "SELECT version FROM keys WHERE tenant_id = $1 AND name = $2 AND body = $3"
_RESEAL = """
UPDATE keys SET body = $4, master = $5 WHERE tenant_id = $1 AND name = $2 AND version = $3
"""
_REMOVE = "DELETE FROM keys WHERE tenant_id = $1 AND name = $2"
_NOTE = """
INSERT INTO key_uses (tenant_id, id, name, version, action, actor, reason, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant_id, id) DO NOTHING
"""
_USES = """
SELECT id, name, version, action, actor, reason, at FROM key_uses WHERE tenant_id = $1
ORDER BY id DESC LIMIT $2
"""


class SqlKeys:
    """The vault's store on any database that can fetch."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    async def add(self, tenant_id: TenantId, name: str, body: str, master: str) -> int:
        """Keep a new version and return its number."""
        checked(tenant_id, name, body, master)
        await self._fetch.write(_ADD, tenant_id, name, body, master)
        # Seals hold chance, so that no two are the same; texts of a plain vault may be.
        found = await self._fetch.rows(_MINE, tenant_id, name, body)
        return max(rows.whole(row["version"]) for row in found)

    async def keys(self, tenant_id: TenantId) -> Sequence[SealedKey]:
        """Return every version of every key."""
        return [_key(row) for row in await self._fetch.rows(_ALL, tenant_id)]

    async def newest(self, tenant_id: TenantId, name: str) -> SealedKey | None:
        """Return the last version of a key."""
        found = await self._fetch.rows(_NEWEST, tenant_id, name)
        return _key(found[0]) if found else None

    async def reseal(
        self, tenant_id: TenantId, name: str, version: int, body: str, master: str
    ) -> None:
        """Put another seal around a version."""
        await self._fetch.write(_RESEAL, tenant_id, name, version, body, master)

    async def remove(self, tenant_id: TenantId, name: str) -> None:
        """Forget every version of a key."""
        await self._fetch.write(_REMOVE, tenant_id, name)

    async def note(self, tenant_id: TenantId, use: KeyUse) -> None:
        """Put a use on record."""
        checked(use.name, use.actor, use.reason)
        await self._fetch.write(
            _NOTE, tenant_id, use.id, use.name, use.version, use.action, use.actor, use.reason,
            use.at,
        )  # fmt: skip

    async def uses(self, tenant_id: TenantId, limit: int = 100) -> Sequence[KeyUse]:
        """Return the last uses, newest first."""
        return [_use(row) for row in await self._fetch.rows(_USES, tenant_id, limit)]


def _key(row: Record) -> SealedKey:
    return SealedKey(
        name=rows.text(row["name"]),
        version=rows.whole(row["version"]),
        body=rows.text(row["body"]),
        master=rows.text(row["master"]),
        created_at=rows.time(row["created_at"]),
    )


def _use(row: Record) -> KeyUse:
    return KeyUse(
        id=rows.text(row["id"]),
        name=rows.text(row["name"]),
        version=rows.whole(row["version"]),
        action=_ACTIONS[rows.text(row["action"])],
        actor=rows.text(row["actor"]),
        reason=rows.text(row["reason"]),
        at=rows.time(row["at"]),
    )


_ACTIONS: Mapping[str, Action] = {action: action for action in get_args(Action)}
