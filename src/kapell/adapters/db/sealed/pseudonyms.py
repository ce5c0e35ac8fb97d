"""Names that stand for personal data, the same SQL for both databases."""

from collections.abc import Mapping, Sequence

from kapell.adapters.db import rows
from kapell.adapters.db.reader import Fetch, Record
from kapell.kit.errors import Unavailable
from kapell.kit.ids import TenantId
from kapell.kit.text import checked
from kapell.services.guardrails.ports import Pseudonym, Wish

_TOGETHER = 100
"""Names made by one statement."""

_TRIES = 50
"""How often others may be quicker."""

_END = "DELETE FROM pseudonyms WHERE tenant_id = $1 AND expires_at <= kapell_now()"
# Two who ask at once count alike: the second one's rows are in the way of the first one's, by
# their number or by their mark, and are left out; it reads what there is, and asks for the rest.
_ADD = """
INSERT INTO pseudonyms (tenant_id, conversation, kind, number, mark, body, master, expires_at)
SELECT CAST($1 AS text), CAST($2 AS text), w.kind, row_number() OVER (PARTITION BY w.kind
        ORDER BY w.n) + (SELECT coalesce(max(p.number), 0) FROM pseudonyms AS p
        WHERE p.tenant_id = $1 AND p.conversation = $2 AND p.kind = w.kind),
    w.mark, w.body, w.master, kapell_now() + CAST($3 AS double precision)
FROM ({wishes}) AS w
WHERE NOT EXISTS (SELECT 1 FROM pseudonyms AS p
    WHERE p.tenant_id = $1 AND p.conversation = $2 AND p.mark = w.mark)
ON CONFLICT DO NOTHING
"""
_WISH = (
    "SELECT {n} AS n, CAST(${a} AS text) AS kind, CAST(${b} AS text) AS mark, "
    "CAST(${c} AS text) AS body, CAST(${d} AS text) AS master"
)
_KEEP = """
UPDATE pseudonyms SET expires_at = kapell_now() + CAST($3 AS double precision)
WHERE tenant_id = $1 AND conversation = $2
    AND expires_at < kapell_now() + CAST($3 AS double precision)
"""
_THERE = """
SELECT kind, number, mark, body, master FROM pseudonyms
WHERE tenant_id = $1 AND conversation = $2
"""
_OF = f"{_THERE} AND expires_at > kapell_now() ORDER BY kind, number"
_MASTERS = """
SELECT DISTINCT master FROM pseudonyms WHERE tenant_id = $1 AND expires_at > kapell_now()
"""
_COUNT = """
SELECT count(*) AS n FROM pseudonyms
WHERE tenant_id = $1 AND (CAST($2 AS text) IS NULL OR conversation = $2)
"""
_FORGET = """
DELETE FROM pseudonyms WHERE tenant_id = $1 AND (CAST($2 AS text) IS NULL OR conversation = $2)
"""


class SqlPseudonyms:
    """The names on any database that can fetch."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    async def name(
        self, tenant_id: TenantId, conversation: str, wishes: Sequence[Wish], keep: float
    ) -> Sequence[Pseudonym]:
        """Return the names of values, those there were or new ones."""
        checked(tenant_id, conversation, *(one.body for one in wishes))
        await self._fetch.write(_END, tenant_id)
        missing: Mapping[str, Wish] = {one.mark: one for one in wishes}
        for _ in range(_TRIES):
            wanted = list(missing.values())
            for first in range(0, len(wanted), _TOGETHER):
                some = wanted[first : first + _TOGETHER]
                await self._add(tenant_id, conversation, some, keep)
            there = await self._all(_THERE, tenant_id, conversation)
            found = {one.mark: one for one in there}
            missing = {mark: one for mark, one in missing.items() if mark not in found}
            if not missing:
                await self._fetch.write(_KEEP, tenant_id, conversation, keep)
                return [found[one.mark] for one in wishes]
        raise Unavailable(
            "Names for personal data could not be agreed on with other workers.",
            code="pseudonyms_contended",
            advice="Try again: too many asked for the same conversation at once.",
        )

    async def of(self, tenant_id: TenantId, conversation: str) -> Sequence[Pseudonym]:
        """Return every name of a conversation whose time has not ended."""
        return await self._all(_OF, tenant_id, conversation)

    async def masters(self, tenant_id: TenantId) -> frozenset[str]:
        """Return the names of the keys that values of a tenant are sealed with."""
        found = await self._fetch.rows(_MASTERS, tenant_id)
        return frozenset(rows.text(row["master"]) for row in found)

    async def forget(self, tenant_id: TenantId, conversation: str | None) -> int:
        """Erase the names of a conversation, or of the whole tenant; return how many there were."""
        (count,) = await self._fetch.rows(_COUNT, tenant_id, conversation)
        await self._fetch.write(_FORGET, tenant_id, conversation)
        return rows.whole(count["n"])

    async def _all(self, sql: str, tenant_id: str, conversation: str) -> list[Pseudonym]:
        return [_pseudonym(row) for row in await self._fetch.rows(sql, tenant_id, conversation)]

    async def _add(
        self, tenant_id: str, conversation: str, wishes: Sequence[Wish], keep: float
    ) -> None:
        selects, values = [], []
        for n, one in enumerate(wishes):
            first = 4 + 4 * n
            selects.append(_WISH.format(n=n, a=first, b=first + 1, c=first + 2, d=first + 3))
            values += [one.kind, one.mark, one.body, one.master]
        statement = _ADD.format(wishes=" UNION ALL ".join(selects))
        await self._fetch.write(statement, tenant_id, conversation, keep, *values)


def _pseudonym(row: Record) -> Pseudonym:
    return Pseudonym(
        kind=rows.text(row["kind"]),
        number=rows.whole(row["number"]),
        mark=rows.text(row["mark"]),
        body=rows.text(row["body"]),
        master=rows.text(row["master"]),
    )
