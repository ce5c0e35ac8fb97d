"""`notify`: a line in the log, or a message to a webhook of the settings."""

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kapell.adapters.tools.options import NotifyOptions, ToolOptions
from kapell.testing.web.site import LoopbackSite, SitePage
from tests.integration.tools.world import World


@pytest.fixture
async def hook() -> AsyncIterator[LoopbackSite]:
    async with LoopbackSite({"/hook/s3cret": SitePage(b"ok", "text/plain")}) as running:
        yield running


def telling(tmp_path: Path, hook: LoopbackSite) -> World:
    channels = {"ops": hook.url("/hook/s3cret")}
    options = ToolOptions(notify=NotifyOptions(channels=channels, timeout=1.0))
    return World(tmp_path, tmp_path / "run", options)


@pytest.mark.requirement("TL-03", "WF-12")
async def test_a_notice_is_posted_to_its_channel(tmp_path: Path, hook: LoopbackSite) -> None:
    world = telling(tmp_path, hook)
    answer = await world.call(
        "notify", channel="ops", title="Report", text="It is done.\nLook.", level="warning"
    )
    assert answer == {"channel": "ops", "delivered": True}
    (asked,) = hook.asked
    assert (asked.method, asked.headers["idempotency-key"]) == ("POST", "key-1")
    assert json.loads(asked.body) == {
        "text": "Report\nIt is done.\nLook.",
        "title": "Report",
        "level": "warning",
        "run": "r1",
    }


@pytest.mark.requirement("WF-12")
async def test_a_notice_is_a_line_of_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "kapell.notices")
    answer = await world.call(
        "notify", text="Done.\n2026 ERROR root: forged \x1b[31m", level="error"
    )
    assert answer == {"channel": "log", "delivered": True}
    (record,) = [one for one in caplog.records if one.name == "kapell.notices"]
    assert record.levelno == logging.ERROR
    assert record.getMessage() == "notice (error) of run r1: Done. 2026 ERROR root: forged [31m"


async def test_every_way_a_notice_fails(tmp_path: Path, hook: LoopbackSite) -> None:
    world = telling(tmp_path, hook)
    for status, code in (
        (404, "notify_refused"),
        (302, "notify_refused"),
        (429, "notify_limited"),
        (500, "notify_failed"),
    ):
        headers = {"retry-after": "3", "location": "http://127.0.0.1:1/"}
        hook.pages["/hook/s3cret"] = SitePage(b"", status=status, headers=headers)
        error = await world.refused("notify", channel="ops", text="x")
        assert (error.code, "s3cret" in str(error)) == (code, False)
    assert len(hook.asked) == 4
    unknown = await world.refused("notify", channel="opps", text="x")
    assert (unknown.code, "'ops'" in unknown.advice) == ("notify_channel_unknown", True)
    await hook.close()
    error = await world.refused("notify", channel="ops", text="x")
    assert (error.code, "s3cret" in str(error)) == ("tool_unavailable", False)
    for text in ("", "   ", "x" * 4001):
        assert (await world.refused("notify", text=text)).code == "tool_arguments"
