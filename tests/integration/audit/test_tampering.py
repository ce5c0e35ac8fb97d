"""Whoever writes to the database past Kapell is found out, at the place and with advice."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from kapell.cli.exits import Exit
from tests.integration.audit.conftest import FLOW, Tamper
from tests.integration.cli.desk import Desk

pytestmark = pytest.mark.requirement("GR-03")


def faults(desk: Desk, *words: str) -> list[tuple[str, int]]:
    """Return what verification finds wrong, and at which entries."""
    said = desk.call("audit", "verify", "--json", *words)
    found: dict[str, Any] = said.document()
    assert said.code == (Exit.FAILED if found["faults"] else Exit.OK)
    assert found["ok"] == (not found["faults"])
    assert all(one["advice"] and one["message"] for one in found["faults"])
    return [(one["code"], one["entry"]) for one in found["faults"]]


def entries(desk: Desk) -> list[dict[str, Any]]:
    """Return the record as it is exported."""
    return [json.loads(line) for line in desk.ok("audit", "export").out.splitlines()]


def test_a_record_as_it_was_written_holds(recorded: Desk) -> None:
    assert faults(recorded) == []
    found = entries(recorded)
    said = recorded.ok("audit", "verify").out
    assert said.startswith(f"ok  {len(found)} entries")
    assert found[-1]["hash"] in said
    assert [one["seq"] for one in found] == list(range(1, len(found) + 1))
    acts = [(one["action"], one["target"], one["verdict"]) for one in found]
    for act in (
        ("run.queued", "note", "queued"),
        ("tool.requested", "file.write", "requested"),
        ("tool.returned", "file.write", "returned"),
        ("approval.requested", "ask", "asked"),
        ("approval.answered", "ask", "approved"),
        ("run.succeeded", "run", "succeeded"),
    ):
        assert act in acts
    started = found[acts.index(("run.queued", "note", "queued"))]
    called = found[acts.index(("tool.requested", "file.write", "requested"))]
    assert called["subject"] == started["actor"]
    assert called["whence"].startswith("host:")
    assert called["run"] == started["run"]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_the_database_refuses_changes_of_the_record(recorded: Desk) -> None:
    recorded.ok("audit", "verify")
    with closing(sqlite3.connect(recorded.folder / ".kapell" / "kapell.db")) as connection:
        for sql in ("UPDATE audit SET actor = 'eve'", "DELETE FROM audit"):
            with pytest.raises(sqlite3.IntegrityError, match="never changed"):
                connection.execute(sql)


@pytest.mark.parametrize(
    ("sql", "code", "at"),
    [
        ("UPDATE audit SET actor = 'user:eve' WHERE seq = 2", "entry_changed", 2),
        ("UPDATE audit SET details = '{broken' WHERE seq = 2", "entry_changed", 2),
        ("UPDATE audit SET hash = 'f' || substr(hash, 2) || 'f' WHERE seq = 2", "entry_changed", 2),
        ("DELETE FROM audit WHERE seq = 2", "entry_missing", 3),
        ("DELETE FROM audit WHERE seq < 3", "entry_missing", 3),
        ("UPDATE audit SET seq = seq + 1000 WHERE seq = 2", "entry_missing", 3),
        ("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)", "behind_anchor", -1),
        ("DELETE FROM audit", "behind_anchor", -1),
        (
            "INSERT INTO audit SELECT tenant_id, seq + 1000, at, actor, action, target, verdict, "
            "subject, whence, run_id, path, details, number, event, position, log, previous, hash "
            "FROM audit WHERE seq = 2",
            "entry_changed",
            1002,
        ),
        ("UPDATE events SET actor = 'user:eve' WHERE type = 'tool.requested'", "event_changed", 0),
        ("UPDATE events SET at = at + 1 WHERE type = 'step.started'", "events_changed", 0),
        ("DELETE FROM events WHERE type = 'tool.returned'", "event_changed", 0),
        ("UPDATE cursors SET position = position + 1000", "", 0),
    ],
)
def test_each_change_is_told_at_its_place(
    recorded: Desk, tamper: Tamper, sql: str, code: str, at: int
) -> None:
    last = entries(recorded)[-1]["seq"]
    tamper(sql)
    found = faults(recorded)
    if not code:
        assert found == [], "nothing was skipped yet"
        recorded.call("run", "note.yaml")
        assert ("events_unrecorded", 0) in faults(recorded)
    elif at:
        assert (code, last if at < 0 else at) in found
    else:
        assert code in {name for name, _ in found}
    plain = recorded.call("audit", "verify")
    assert plain.code == Exit.FAILED
    assert "FAIL" in plain.out
    assert faults(recorded), "looking mends nothing"


TEXTS = (
    *("tenant_id", "actor", "action", "target", "verdict", "subject", "whence", "run_id", "path"),
    *("details", "event", "log", "previous", "hash"),
)
NUMBERS = ("seq", "at", "number", "position")
GONE = ("tenant_id", "seq")
"""Columns whose change takes an entry away from its place."""


def test_no_column_of_a_row_can_be_changed_and_rows_cannot_change_places(
    recorded: Desk, tamper: Tamper
) -> None:
    assert faults(recorded) == []
    changes = {name: (f"{name} || 'x'", f"substr({name}, 1, length({name}) - 1)") for name in TEXTS}
    changes |= {name: (f"{name} + 1000", f"{name} - 1000") for name in NUMBERS}
    for name, (other, before) in changes.items():
        key = {"seq": "seq = 1002", "tenant_id": "tenant_id = 'localx'"}.get(name, "seq = 2")
        tamper(f"UPDATE audit SET {name} = {other} WHERE seq = 2")  # noqa: S608 - ours
        said = recorded.call("audit", "verify")
        expected = "Entry 2 is missing" if name in GONE else "Entry 2 is not as it was written"
        assert (said.code, expected in said.out) == (Exit.FAILED, True), name
        assert "compare it with the last backup" in said.out
        tamper(f"UPDATE audit SET {name} = {before} WHERE {key}")  # noqa: S608 - ours
        assert faults(recorded) == [], name
    swap = "UPDATE audit SET seq = {} WHERE seq = {}".format
    tamper(swap(-2, 2), swap(2, 3), swap(3, -2))
    assert {("entry_changed", 2), ("entry_changed", 3)} <= set(faults(recorded))


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_an_older_database_put_back_is_told(recorded: Desk) -> None:
    database = recorded.folder / ".kapell" / "kapell.db"
    recorded.ok("audit", "verify")
    shutil.copy(database, recorded.folder / "older.db")
    recorded.call("run", "note.yaml")
    last = entries(recorded)[-1]["seq"]
    shutil.copy(recorded.folder / "older.db", database)
    assert faults(recorded) == [("behind_anchor", last)]
    head = recorded.ok("audit", "anchor", "--reason", "restored the backup of Monday").out
    assert faults(recorded) == []
    last_two = [one["action"] for one in entries(recorded)[-2:]]
    assert last_two == ["audit.anchored", "audit.exported"]
    assert faults(recorded, "--expect", head.strip()) == []


def _remove(desk: Desk) -> None:
    for path in (desk.folder / ".kapell" / "audit").glob("*.json"):
        path.unlink()


def _forge(desk: Desk) -> None:
    for path in (desk.folder / ".kapell" / "audit").glob("*.json"):
        anchor = json.loads(path.read_text())
        path.write_text(json.dumps({**anchor, "seq": 1}))


def _garble(desk: Desk) -> None:
    for path in (desk.folder / ".kapell" / "audit").glob("*.json"):
        path.write_bytes(b"\xff{")


def _lose_key(desk: Desk) -> None:
    (desk.folder / ".kapell" / "audit.key").unlink()


def _open_key(desk: Desk) -> None:
    (desk.folder / ".kapell" / "audit.key").chmod(0o644)


def _break_key(desk: Desk) -> None:
    (desk.folder / ".kapell" / "audit.key").write_text("short")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (_remove, "anchor_missing"),
        (_forge, "anchor_forged"),
        (_garble, "anchor_unreadable"),
        (_lose_key, "anchor_key_gone"),
        (_open_key, "anchor_unreadable"),
        (_break_key, "anchor_unreadable"),
    ],
)
def test_harm_to_the_anchor_is_told_and_stays_told(
    recorded: Desk, harm: Callable[[Desk], None], code: str
) -> None:
    assert faults(recorded) == []
    harm(recorded)
    assert [name for name, _ in faults(recorded)] == [code]
    recorded.call("run", "note.yaml")
    assert [name for name, _ in faults(recorded)] == [code], "no worker accepts it by itself"


def test_a_chain_made_anew_in_the_database_does_not_stand_against_the_anchor(
    recorded: Desk, tamper: Tamper
) -> None:
    head = recorded.ok("audit", "verify", "--json").document()["head"]
    number = head.partition(":")[0]
    tamper("DELETE FROM audit", "DELETE FROM cursors WHERE subscriber = 'audit'")
    tamper("UPDATE events SET actor = 'user:eve' WHERE type = 'approval.answered'")
    recorded.ok("audit", "export")  # Kapell itself makes the chain anew, without a fault in it
    found = faults(recorded)
    assert {name for name, _ in found} <= {"chain_rewritten", "behind_anchor"}
    assert found
    assert ("head_unexpected", int(number)) in faults(recorded, "--expect", head)


def test_a_record_begun_anew_is_missed_even_without_its_anchor(
    recorded: Desk, tamper: Tamper
) -> None:
    tamper("DELETE FROM audit", "DELETE FROM cursors WHERE subscriber = 'audit'")
    shutil.rmtree(recorded.folder / ".kapell" / "audit")
    (recorded.folder / ".kapell" / "audit.key").unlink()
    assert faults(recorded) == [("anchor_missing", 0)]
    recorded.call("run", "note.yaml")
    assert faults(recorded) == [("anchor_missing", 0)], "the log is older than what is left"
    recorded.ok("audit", "anchor", "--reason", "looked at it")
    assert faults(recorded) == []


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_an_emptied_database_is_missed_where_the_key_of_its_record_is_left(recorded: Desk) -> None:
    state = recorded.folder / ".kapell"
    for path in state.glob("kapell.db*"):
        path.unlink()
    shutil.rmtree(state / "audit")
    assert faults(recorded) == [("anchor_missing", 0)]
    recorded.call("run", "note.yaml")
    assert faults(recorded) == [("anchor_missing", 0)]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_kill_between_the_first_entries_and_their_anchor_is_no_fault(
    desk: Desk, place: str
) -> None:
    del place
    desk.write("note.yaml", FLOW)
    desk.ok("runs", "list")
    (anchor,) = (desk.folder / ".kapell" / "audit").glob("*.json")
    first = anchor.read_bytes()
    assert json.loads(first)["seq"] == 0
    desk.call("run", "note.yaml")
    anchor.write_bytes(first)  # as a process left it that was killed before it anchored
    assert faults(desk) == []
    desk.call("run", "note.yaml")
    last = entries(desk)[-1]["seq"]
    assert json.loads(anchor.read_bytes())["seq"] == last


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_an_export_is_verified_by_itself(recorded: Desk) -> None:
    lines = recorded.ok("audit", "export").out.splitlines()
    file = recorded.write("whole.jsonl", "\n".join(lines))
    assert faults(recorded, str(file)) == []
    later = recorded.write("later.jsonl", recorded.ok("audit", "export", "--after", "3").out)
    assert faults(recorded, str(later)) == []
    file = recorded.write("less.jsonl", "\n".join(lines[:2] + lines[3:]))
    assert ("entry_missing", 4) in faults(recorded, str(file))
    last = json.loads(lines[-1])
    head = f"{last['seq']}:{last['hash'][:12]}"
    cut = str(recorded.write("cut.jsonl", "\n".join(lines[:-1])))
    whole = str(recorded.folder / "whole.jsonl")
    assert faults(recorded, whole, "--expect", head) == []
    assert faults(recorded, cut, "--expect", head) == [("head_unexpected", last["seq"])]
    assert recorded.call("audit", "verify", cut, "--expect", "seven").code == Exit.INVALID
    broken = recorded.call("audit", "verify", str(recorded.write("no.jsonl", "{}")))
    assert (broken.code, "Line 1" in broken.err) == (Exit.INVALID, True)
    assert recorded.call("audit", "verify", "nowhere.jsonl").code == Exit.MISSING
    assert recorded.call("audit", "verify", "--expect", "seven").code == Exit.INVALID


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_other_settings_and_policies_are_on_record_and_the_same_only_once(recorded: Desk) -> None:
    def noted() -> list[str]:
        acts = recorded.ok("audit", "show", "--action", "definitions", "--json").document()
        return [one["target"] for one in reversed(acts)]

    first = noted()
    assert sorted(first) == ["guards", "policies", "settings"]
    recorded.call("run", "note.yaml")
    assert noted() == first
    recorded.write("kapell.yaml", "model: offline\nworker: {concurrency: 7}\n")
    recorded.call("run", "note.yaml")
    assert noted() == [*first, "settings"]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_entries_are_chosen(recorded: Desk) -> None:
    shown = recorded.ok("audit", "show", "--action", "approval", "--json").document()
    assert [one["action"] for one in shown] == ["approval.answered", "approval.requested"]
    recorded.ok("audit", "show", "--run", "last", "--limit", "3")
    said = recorded.ok("audit", "show", "--verdict", "approved").out
    assert "approval.answered" in said
    assert "no such entry" in recorded.ok("audit", "show", "--actor", "user:nobody").err
    assert recorded.call("audit", "show", "--since", "whenever").code == Exit.INVALID
    unsaid = recorded.call("audit", "anchor", "--reason", " ")
    assert unsaid.code == Exit.INVALID
    assert "reason_missing" in unsaid.err


@pytest.mark.requirement("GR-03")
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_word_that_no_entry_has_is_told_with_the_nearest(recorded: Desk) -> None:
    for option, word, near in (
        ("--action", "aproval.answered", "approval.answered"),
        ("--verdict", "aproved", "approved"),
    ):
        said = recorded.ok("audit", "show", option, word)
        assert f"No entry has the {option[2:]} `{word}`. Did you mean `{near}`?" in said.err
    said = recorded.ok("audit", "show", "--actor", "zzz")
    assert "No entry has the actor `zzz`. Those of the record: `" in said.err
    known = recorded.ok("audit", "show", "--action", "approval", "--since", "2099-01-01")
    assert known.err == "There is no such entry.\n"
    assert recorded.ok("audit", "show", "--action", "aproval", "--json").document() == []
