"""What a healthy store looks like, as queries that run on both databases."""

from collections.abc import Mapping

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one check. ``detail`` says what was found, ``advice`` what to do about it."""

    name: str
    ok: bool
    detail: str = ""
    advice: str = ""


RESTORE = "Restore the last good backup beside it and export the runs named here from both."

QUERIES: Mapping[str, str] = {
    "events are dense": """
        SELECT run_id FROM events GROUP BY tenant_id, run_id
        HAVING count(*) <> max(seq) OR min(seq) <> 1 LIMIT 5""",
    "runs agree with their logs": """
        SELECT r.run_id FROM runs AS r WHERE r.seq <> (SELECT count(*) FROM events AS e
            WHERE e.tenant_id = r.tenant_id AND e.run_id = r.run_id) LIMIT 5""",
    "events belong to runs": """
        SELECT e.run_id FROM events AS e WHERE e.seq = 1 AND NOT EXISTS (SELECT 1 FROM runs AS r
            WHERE r.tenant_id = e.tenant_id AND r.run_id = e.run_id) LIMIT 5""",
    "messages belong to runs": """
        SELECT i.run_id FROM inbox AS i WHERE NOT EXISTS (SELECT 1 FROM runs AS r
            WHERE r.tenant_id = i.tenant_id AND r.run_id = i.run_id) LIMIT 5""",
    "ended runs hold no money": """
        SELECT l.run_id FROM ledger AS l JOIN runs AS r ON r.tenant_id = l.tenant_id
            AND r.run_id = l.run_id AND r.ended_at IS NOT NULL
        WHERE l.reserved > 0 LIMIT 5""",
    "no run is lost": """
        SELECT r.run_id FROM runs AS r WHERE r.owner IS NULL AND r.wake_at IS NULL
            AND EXISTS (SELECT 1 FROM inbox AS i WHERE i.tenant_id = r.tenant_id
                AND i.run_id = r.run_id AND i.consumed IS NULL) LIMIT 5""",
}
"""By what should be true: a query for runs of which it is not."""


def finding(name: str, runs: list[str]) -> Finding:
    """Return what a query's answer means."""
    if not runs:
        return Finding(name=name, ok=True)
    return Finding(name=name, ok=False, detail=f"not of {', '.join(runs)}", advice=RESTORE)
