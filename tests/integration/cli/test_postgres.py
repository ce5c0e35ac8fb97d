"""The same commands on Postgres: one variable chooses it."""

import pytest

from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk

ASKING = (
    "name: asking\nsteps: [{id: ask, approval: {title: Go on?}}, {id: last, ask: 'Say: hello'}]\n"
)


@pytest.mark.requirement("DX-11", "WF-08")
def test_database_url_chooses_postgres(
    desk: Desk, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres_dsn)
    desk.write("asking.yaml", ASKING)
    outdated = desk.call("run", "asking.yaml")
    assert outdated.code == Exit.CONFLICT
    assert "kapell db upgrade" in outdated.err
    desk.ok("db", "upgrade")
    assert desk.call("run", "asking.yaml").code == Exit.WAITING
    desk.ok("approvals", "answer", "last", "--approve")
    assert desk.ok("runs", "resume", "last", "--json").document()["status"] == "succeeded"
    assert "succeeded" in desk.ok("runs", "list").out
    assert desk.ok("costs", "--by", "step", "--json").document()["groups"][0]["group"] == "last"
    assert "FAIL" not in desk.ok("db", "check").out
    assert "FAIL" not in desk.ok("doctor").out
    assert desk.ok("db", "backup", "copy.zip").out == "copy.zip\n"
    assert not (desk.folder / ".kapell" / "kapell.db").exists()
