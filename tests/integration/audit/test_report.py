"""An auditor reads each control with code, tests, and what this workspace's own record shows."""

import json
from pathlib import Path
from typing import Any

import pytest

from kapell.bootstrap.audit.reporting import framework
from kapell.cli.exits import Exit
from kapell.kit.clock import instant
from tests.integration.audit.conftest import Tamper
from tests.integration.cli.desk import Desk

pytestmark = [
    pytest.mark.requirement("GR-11"),
    pytest.mark.parametrize("kind", ["sqlite"], indirect=True),
]

SPILLING = """\
name: spilling
steps:
  - {id: say, ask: "Say: write to quillon.marsh@vexmoor-trading.io"}
"""


def reported(desk: Desk, *words: str) -> dict[str, Any]:
    """Return the report as data."""
    found: dict[str, Any] = desk.ok("audit", "report", "--json", *words).document()
    return found


def test_an_auditor_reads_every_control_with_what_this_record_shows(recorded: Desk) -> None:
    recorded.write("spilling.yaml", SPILLING)
    recorded.call("run", "spilling.yaml")
    found = reported(recorded)
    verified = recorded.ok("audit", "verify", "--json").document()
    assert found["proof"]["head"] == verified["head"]
    assert found["proof"]["verified"] is True
    acts = found["counted"]["acts"]
    assert acts["approval.answered"] == {"approved": 1}
    assert acts["run.succeeded"] == {"succeeded": 2}
    assert sum(acts["guard.verdict"].values()) >= 1
    assert found["counted"]["findings"]["pii.email"] >= 1
    assert set(found["counted"]["profiles"]) == {"default"}
    assert found["in_force"]["profile"] == "default"
    rows = {row["id"]: row for row in found["controls"]}
    known = framework()
    assert list(rows) == [one.id for one in known.controls]
    for row in rows.values():
        assert row["code"], row["id"]
        assert row["tests"], row["id"]
        assert row["evidence"], row["id"]
    shown = {name: rows[one.id]["record"] for one in known.controls for name in one.mechanisms}
    assert shown["approvals"]["approval.answered"] == {"approved": 1}
    assert shown["privacy"]["guard.verdict"] == acts["guard.verdict"]


def test_the_page_says_the_same_to_people_and_holds_no_word_of_the_runs(recorded: Desk) -> None:
    recorded.write("spilling.yaml", SPILLING)
    recorded.call("run", "spilling.yaml")
    recorded.ok("audit", "report", "--out", "report.md")
    page = (recorded.folder / "report.md").read_text("utf-8")
    assert "as it was written" in page
    assert "`approval.answered` approved 1" in page
    assert "### MANAGE 4.3" in page
    assert "quillon" not in page
    assert page.rstrip("\n").splitlines()[-1].startswith("- in this record: ")
    refused = recorded.call("audit", "report", "--out", "nowhere/report.md")
    assert (refused.code, "nowhere/report.md" in refused.err) == (Exit.DENIED, True)


def test_only_what_was_done_within_the_time_is_counted(recorded: Desk) -> None:
    acts = [json.loads(line) for line in recorded.ok("audit", "export").out.splitlines()]
    middle = acts[len(acts) // 2]["time"]
    at = instant(middle)
    early = reported(recorded, "--until", middle)["counted"]["entries"]
    late = reported(recorded, "--since", middle)["counted"]["entries"]
    assert early == sum(one["at"] < at for one in acts)
    told = 2  # each of both reports is an entry itself
    assert late == sum(one["at"] >= at for one in acts) + told
    assert early < len(acts)
    assert reported(recorded, "--since", "2099-01-01")["counted"]["entries"] == 0
    wrong = recorded.call("audit", "report", "--since", "2026-02-01", "--until", "2026-01-01")
    assert wrong.code == Exit.INVALID


def test_policies_and_taken_away_guards_are_named(recorded: Desk) -> None:
    recorded.write("policies/own.rego", "package kapell.tool\n\nimport rego.v1\n")
    recorded.write("kapell.yaml", "model: offline\nguardrails: {profile: strict}\n")
    found = reported(recorded)["in_force"]
    assert found["profile"] == "strict"
    assert list(found["policies"]) == ["policies/own.rego"]
    before = found["policies"]["policies/own.rego"]
    Path(recorded.folder / "policies/own.rego").write_text("package kapell.tool\n\n# other\n")
    assert reported(recorded)["in_force"]["policies"]["policies/own.rego"] != before


def test_a_record_that_was_changed_is_told_first_and_fails(recorded: Desk, tamper: Tamper) -> None:
    tamper("UPDATE audit SET actor = 'user:eve' WHERE seq = 2")
    said = recorded.call("audit", "report")
    assert said.code == Exit.FAILED
    assert "NOT as it was written" in said.out
    assert "entry_changed" in said.out
