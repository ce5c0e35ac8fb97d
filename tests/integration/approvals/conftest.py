"""A workspace on both databases, with a policy that asks before anything is sent."""

import asyncio
from pathlib import Path

import pytest

from kapell.adapters.db.upgrading import upgrade_postgres
from tests.integration.runs.shop import Shop

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
POLICY = """package kapell.tool

import rego.v1

ask contains {
    "rule": "letters",
    "reason": "A letter leaves the house.",
    "risk": "high",
    "approvers": ["role:office", "user:eve"],
    "need": input.args.need,
} if input.tool.name == "test.send"

ask contains {
    "rule": "dear",
    "reason": "It is dear.",
    "approvers": ["user:boss"],
} if {
    input.tool.name == "test.pay"
    input.args.amount > 10
}

ask contains {
    "rule": "any",
    "reason": "Money moves.",
} if {
    input.tool.name == "test.pay"
    not input.args.amount > 10
}
"""
SETTINGS = "approvals: {roles: {office: [ann, bob]}}\n"


def _furnished(folder: Path, url: str) -> Shop:
    made = Shop(folder, url, SETTINGS)
    (folder / "policies").mkdir()
    (folder / "policies" / "tools.rego").write_text(POLICY, "utf-8")
    return made


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Return a workspace on SQLite."""
    return _furnished(tmp_path / "shop", f"sqlite:///{tmp_path / 'runs.db'}")


@pytest.fixture(params=BOTH)
def any_shop(tmp_path: Path, request: pytest.FixtureRequest) -> Shop:
    """Return a workspace, once on SQLite and once on Postgres."""
    if request.param == "sqlite":
        return _furnished(tmp_path / "shop", f"sqlite:///{tmp_path / 'runs.db'}")
    url = str(request.getfixturevalue("postgres_dsn"))
    asyncio.run(upgrade_postgres(url))
    return _furnished(tmp_path / "shop", url)
