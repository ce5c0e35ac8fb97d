"""Whatever a person does is on record with who and from where, what they are refused as well."""

import getpass
import json
import socket
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kapell.bootstrap.app import App, open_app
from kapell.bootstrap.audit.making import make_audit
from kapell.core.limits.rates import Asker
from kapell.kit.errors import Denied, KapellError, Limited
from kapell.services.audit.keeping import AGAIN
from kapell.services.audit.ports import Wanted
from kapell.services.audit.refusals import EVERY, REFUSED, Refusals
from tests.integration.cli.conftest import desk as desk
from tests.integration.cli.desk import Desk

pytestmark = pytest.mark.requirement("GR-03")

FLOW = """\
name: asking
steps:
  - {id: a, approval: {title: Go on?, approvers: [APPROVER], data: {text: hello}, edit: [text]}}
  - {id: b, wait: {signal: knock}}
"""
FAILING = "name: failing\nsteps: [{id: a, tool: file.read, with: {path: nothing.txt}}]\n"
HERE = f"host:{socket.gethostname()}"


def acts(desk: Desk) -> list[dict[str, Any]]:
    """Return the record as it is exported."""
    return [json.loads(line) for line in desk.ok("audit", "export").out.splitlines()]


def only(found: list[dict[str, Any]], action: str) -> dict[str, Any]:
    """Return the last entry of an action."""
    return [one for one in found if one["action"] == action][-1]


def test_what_a_person_does_to_runs_is_told_with_who_and_from_where(desk: Desk) -> None:
    desk.write("asking.yaml", FLOW.replace("APPROVER", "ann"))
    desk.write("failing.yaml", FAILING)
    desk.call("run", "asking.yaml", "--guardrails", "off", "--budget-usd", "0.5")
    refused = desk.call("approvals", "answer", "last", "--approve")
    assert "may not answer" in refused.err
    desk.ok("approvals", "delegate", "last", "ben", "--as", "ann")
    desk.call("runs", "resume", "last")
    desk.ok("approvals", "answer", "last", "--approve", "--as", "ben", "--edit", "text=bye")
    desk.call("runs", "resume", "last")
    first = desk.ok("runs", "list", "--json").document()[0]["run_id"]
    desk.ok("runs", "export", first, "--to", "run.kapell")
    desk.call("runs", "signal", first, "knock")
    desk.call("runs", "resume", first)
    desk.call("runs", "fork", first, "--at", "a", "--detach")
    desk.call("runs", "cancel", "last")
    desk.call("runs", "resume", "last")
    desk.call("run", "failing.yaml")
    desk.call("runs", "repair", "last", "a", "--output", '{"text": "given"}')
    desk.call("runs", "resume", "last")
    desk.call("runs", "restart", "last")
    desk.ok("guardrails", "forget", "--all")
    desk.ok("breaker", "close")
    assert desk.call("runs", "import", "run.kapell").code != 0
    found = acts(desk)
    me = only(found, "breaker.closed")["actor"]
    assert me.startswith("user:")
    for action in (
        "run.queued",
        "run.forked",
        "run.cancelling",
        "signal.received",
        "run.repaired",
        "run.exported",
        "run.imported",
        "names.forgotten",
        "breaker.closed",
    ):
        entry = only(found, action)
        assert (entry["actor"], entry["whence"]) == (me, HERE), action
    begun = next(one for one in found if one["action"] == "run.queued")
    assert begun["details"]["guards"] == "guardrails off"
    assert begun["details"]["budget"] == 500_000_000
    # Who sits here and answers in another one's name is told beside that name.
    answered, handed = only(found, "approval.answered"), only(found, "approval.delegated")
    assert (answered["actor"], answered["whence"]) == ("user:ben", f"{HERE} {me}")
    assert (handed["actor"], handed["details"]["to"]) == ("user:ann", "user:ben")
    asked = next(one for one in found if one["action"] == "approval.requested")
    assert answered["details"]["digest"] != asked["details"]["digest"], "it was edited"
    not_let = only(found, REFUSED)
    assert (not_let["actor"], not_let["verdict"], not_let["whence"]) == (
        me,
        "approval_not_yours",
        HERE,
    )
    assert only(found, "run.imported")["verdict"] == "run_exists"


async def _refused(app: App) -> list[Mapping[str, object]]:
    found = await app.store.audit.entries(app.tenant, Wanted(action=REFUSED))
    return [
        {
            "who": one.act.actor,
            "what": one.act.target,
            "why": one.act.verdict,
            "whence": one.act.whence,
            "times": one.act.details["times"],
        }
        for one in found
    ]


async def test_who_was_refused_before_there_was_a_run_is_on_record(tmp_path: Path) -> None:
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows/greet.yaml").write_text(
        "name: greet\nsteps: [{id: a, set: {text: hello}}]\n"
    )
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/own.rego").write_text(
        "package kapell.budget\n\nimport rego.v1\n\n"
        'deny contains {"rule": "none", "reason": "no"} if input.subject == "user:eve"\n'
        'allow contains {"rule": "all", "reason": "yes"} if input.subject != "user:eve"\n'
    )
    (tmp_path / "kapell.yaml").write_text(
        "model: offline\nlimits: {rates: [{per: user, most: 1, every: 36500d, who: 'user:anna'}]}\n"
    )
    anna = Asker(tenant="local", user="user:anna", ip="192.0.2.1", key="key:1f", served=True)
    async with open_app(tmp_path) as app:
        await app.starter.start("greet", {}, asker=anna)
        for _ in range(3):
            with pytest.raises(Limited):
                await app.starter.start("greet", {}, asker=anna)
        with pytest.raises(Denied):
            await app.starter.start("greet", {}, asker=Asker(user="user:eve"))
    async with open_app(tmp_path) as app:
        found = await _refused(app)
        await app.audit.auditor.catch_up()
        assert [(one["who"], one["what"], one["why"], one["times"]) for one in found] == [
            ("user:anna", "run", "rate_limited", 1),
            ("user:eve", "run greet", "policy_denied", 1),
            ("user:anna", "run", "rate_limited", 2),
        ], "a storm is counted, not written line by line"
        address, key = str(found[0]["whence"]).split(" ")
        assert (address.startswith("ip:#"), key) == (True, "key:1f")
        assert "192.0.2.1" not in repr(found)
        (begun,) = await app.store.audit.entries(app.tenant, Wanted(action="run.queued"))
        assert (begun.act.actor, begun.act.whence) == ("user:anna", f"{address} key:1f")


class Still:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        """Return what it was set to."""
        return self.at


class Kept:
    """Acts in a list."""

    def __init__(self) -> None:
        self.acts: list[tuple[str, str, int]] = []

    async def act(
        self,
        action: str,
        target: str,
        verdict: str = "",
        *,
        actor: str = "",
        whence: str = "",
        **details: str | int,
    ) -> None:
        """Keep it."""
        del action, verdict, actor
        self.acts.append((target, whence, int(details["times"])))


async def test_a_storm_from_everywhere_fills_neither_record_nor_memory() -> None:
    clock, kept = Still(), Kept()
    refusals = Refusals(kept, clock)
    error: KapellError = Denied("no", code="token_wrong", advice="Send the token.")
    for number in range(3000):
        await refusals.refused("", f"ip:{number}", "mcp", error)
    assert len(kept.acts) == 1001
    assert kept.acts[-1] == ("many", "", 1)
    clock.at = EVERY
    await refusals.refused("", "ip:later", "mcp", error)
    assert ("many", "", 1999) in kept.acts
    assert kept.acts[-1] == ("mcp", "ip:later", 1)


async def test_policies_swapped_under_a_process_that_goes_on_are_on_record(tmp_path: Path) -> None:
    clock = Still()
    async with open_app(tmp_path) as app:
        who = msgspec.structs.replace(app.identity, clock=clock)
        auditor = make_audit(tmp_path, app.settings, app.store, who).auditor
        await auditor.chore(busy=False)
        (tmp_path / "policies").mkdir()
        (tmp_path / "policies/own.rego").write_text("package kapell.tool\n")
        clock.at = AGAIN
        await auditor.chore(busy=True)
        changed = await app.store.audit.entries(app.tenant, Wanted(action="definitions.changed"))
    assert [one.act.target for one in changed] == ["settings", "policies", "guards", "policies"]
    assert changed[2].act.details == {"version": "default"}


def test_who_reads_the_record_or_takes_a_copy_of_the_data_is_told_with_the_range(
    desk: Desk,
) -> None:
    desk.write("failing.yaml", FAILING)
    desk.call("run", "failing.yaml")
    desk.ok("audit", "show", "--action", "run", "--since", "2020-01-01")
    desk.ok("audit", "export", "--after", "2")
    desk.ok("audit", "report", "--until", "2030-01-01", "--out", "report.md")
    assert desk.call("db", "backup", "report.md").code != 0
    desk.ok("db", "backup", "copy.db")
    found = acts(desk)
    shown, copied = only(found, "audit.shown"), only(found, "db.copied")
    assert shown["details"]["what"] == "run"
    assert shown["details"]["since"].startswith("2020-01-01")
    assert int(shown["details"]["first"]) <= int(shown["details"]["last"])
    exported = [one for one in found if one["action"] == "audit.exported"]
    assert [one["details"]["after"] for one in exported] == [2, 0]
    assert exported[-1] == found[-1], "an export tells of itself, and so up to where it goes"
    assert only(found, "audit.reported")["details"]["until"].startswith("2030-01-01")
    assert copied["target"] == str(desk.folder / "copy.db")
    assert [one["target"] for one in found if one["action"] == "db.copied"] == [copied["target"]]
    for one in (shown, copied, *exported):
        assert (one["actor"], one["whence"]) == (f"user:{getpass.getuser()}", HERE)
    # The entry stands in the copy too, and the record is whole.
    with closing(sqlite3.connect(desk.folder / "copy.db")) as copy:
        query = "SELECT count(*) FROM audit WHERE action = 'db.copied'"
        assert copy.execute(query).fetchone() == (1,)
    desk.ok("audit", "verify")


def test_a_copy_of_a_database_of_another_release_is_made_and_told_as_not_on_record(
    desk: Desk,
) -> None:
    desk.write("failing.yaml", FAILING)
    desk.call("run", "failing.yaml")
    with closing(sqlite3.connect(desk.folder / ".kapell/kapell.db")) as store:
        store.execute("UPDATE alembic_version SET version_num = '0000'")
        store.commit()
    assert "not on record" in desk.ok("db", "backup", "copy.db").err
