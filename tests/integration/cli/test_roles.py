"""Roles of the settings and approvals of workflows are held against each other at load."""

import pytest

from tests.integration.cli.desk import Desk

WORKFLOW = "name: pay\nsteps: [{id: ok, approval: {title: Pay?, approvers: [role:finance]}}]\n"


@pytest.mark.requirement("WF-11", "DX-07")
def test_a_role_that_nobody_has_is_told_before_anything_runs(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write("kapell.yaml", "model: offline\n")
    desk.write("workflows/pay.yaml", WORKFLOW)
    told = desk.call("validate")
    assert told.code == 2
    assert "Nobody has the role `finance`" in told.err
    assert "approvals: {roles: {finance: [NAME]}}" in told.err
    assert desk.call("run", "pay").code == 2, "nothing waits for nobody"
    monkeypatch.setenv("KAPELL_APPROVALS__ROLES", '{"finance": ["eva"]}')
    desk.ok("validate")
    monkeypatch.delenv("KAPELL_APPROVALS__ROLES")
    desk.write("kapell.yaml", "model: offline\napprovals: {roles: {finance: [eva]}}\n")
    desk.ok("validate")
