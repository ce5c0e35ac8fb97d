"""What guards rely on outside of the process is looked at, and told as soon as it fails."""

from pathlib import Path

import pytest

from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk


@pytest.fixture
def desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """Return a workspace whose anchors shall lie where a file is already."""
    monkeypatch.chdir(tmp_path)
    found = Desk(tmp_path, capsys)
    found.write("taken", "a file\n")
    found.write("workflows/w.yaml", "name: w\nsteps:\n  - {id: a, set: {x: 1}}\n")
    return found


def failed(desk: Desk) -> dict[str, dict[str, str]]:
    """Return the checks of `kapell doctor` that failed, by their names."""
    checks = desk.call("doctor", "--json").document()["checks"]
    return {one["name"]: one for one in checks if not one["ok"]}


@pytest.mark.requirement("GR-03")
def test_an_anchor_that_cannot_be_written_is_told_at_once(desk: Desk) -> None:
    desk.write("kapell.yaml", "model: offline\naudit: {anchor: taken/anchors}\n")
    said = desk.call("run", "w")
    assert "warning[anchor_" in said.err, said
    assert "taken/anchors" in said.err
    found = failed(desk)["audit anchor"]
    assert "taken" in found["detail"]
    assert "audit.anchor" in found["advice"]
    desk.write("kapell.yaml", "model: offline\naudit: {anchor: anchors}\n")
    assert "audit anchor" not in failed(desk)
    assert "warning[" not in desk.ok("run", "w").err
    verified = desk.call("audit", "verify")
    assert verified.code == Exit.FAILED
    assert "kapell doctor" in verified.out


@pytest.mark.requirement("GR-05", "GR-06")
def test_servers_that_guards_ask_are_looked_at(desk: Desk) -> None:
    desk.write(
        "kapell.yaml",
        "model: offline\nlimits: {redis: 'unix:///nowhere/socket'}\n"
        "policies: {judge: opa, opa: {url: 'http://127.0.0.1:9', timeout: 2}}\n",
    )
    found = failed(desk)
    assert "limits.redis" in found["limits in Redis"]["advice"]
    assert found["policy server"]["detail"]
    assert found["policy server"]["advice"]


@pytest.mark.requirement("GR-05")
def test_a_redis_server_that_answers_is_well(desk: Desk, redis_url: str) -> None:
    desk.write("kapell.yaml", f"model: offline\nlimits: {{redis: '{redis_url}'}}\n")
    checks = desk.call("doctor", "--json").document()["checks"]
    (found,) = [one for one in checks if one["name"] == "limits in Redis"]
    assert found["ok"]
