"""People are told that a run waits for them: by the channel the settings name, or not at all."""

import json
import logging
from pathlib import Path

import pytest

from kapell.bootstrap.app import open_app
from kapell.testing.web.site import LoopbackSite, SitePage

WAITING = """
name: waiting
steps:
  - id: release
    approval:
      title: Send it?
      data: {text: a word of the run}
      approvers: [role:office]
"""
CHANNEL = """
approvals: {notify: ops, roles: {office: [ann]}}
tools: {notify: {channels: {ops: {url: "https://replaced.example/"}}}}
"""


async def _waited(workspace: Path, text: str) -> str:
    (workspace / "kapell.yaml").write_text(text)
    (workspace / "workflows").mkdir()
    (workspace / "workflows" / "waiting.yaml").write_text(WAITING)
    async with open_app(workspace) as app:
        started = await app.starter.start("waiting", {})
        await app.run_until_idle(started.run_id)
        return started.run_id


@pytest.mark.requirement("GR-10", "WF-11")
async def test_who_is_asked_is_told_once_by_the_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with LoopbackSite({"/hook": SitePage(b"ok")}) as site:
        monkeypatch.setenv("KAPELL_TOOLS__NOTIFY__CHANNELS__OPS__URL", site.url("/hook"))
        run = await _waited(tmp_path, CHANNEL)
    (asked,) = [one for one in site.asked if one.path == "/hook"]
    told = json.loads(asked.body)
    assert told["text"] == (
        "A run of waiting waits for an answer of role:office. "
        f"Look at it: kapell approvals show {run} 'release'"
    )
    assert "a word of the run" not in asked.body.decode()
    assert asked.headers["idempotency-key"].startswith("approval:")


@pytest.mark.requirement("GR-10")
async def test_without_a_channel_the_log_tells_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "kapell"):
        run = await _waited(tmp_path, "approvals: {roles: {office: [ann]}}\n")
    assert f"kapell approvals show {run} 'release'" in caplog.text
