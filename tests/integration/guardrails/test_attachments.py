"""What files hold that a call takes out of this machine is looked over before they leave."""

import gzip
from pathlib import Path

import pytest

from kapell.adapters.tools.files.sources import source_of
from kapell.adapters.tools.mail.specs import MAIL_SEND
from kapell.core.events.tool import ToolFailed
from kapell.core.runs.status import RunStatus
from kapell.services.guardrails.archives import LARGEST, text_of
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult
from tests.integration.guardrails.test_content import CARD, KEY, ran, verdicts
from tests.integration.runs.shop import Shop


class Posting:
    """``mail.send`` without a server."""

    spec = MAIL_SEND

    def __init__(self) -> None:
        self.calls = 0

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Count the mail."""
        self.calls += 1
        return ToolResult(output={"message_id": "<1@example.com>", "accepted": [], "refused": []})


@pytest.mark.parametrize(
    ("data", "profile", "action"),
    [
        (b"order 7, two chairs", "default", ""),
        (f"card {CARD}".encode(), "default", "ask"),
        (f"\xe9 {CARD}".encode("latin-1"), "default", "ask"),
        (f"card {CARD}".encode("utf-16"), "default", "ask"),
        (f"use {KEY}".encode(), "default", "block"),
        (f"card {CARD}".encode("utf-16-le"), "default", "ask"),
        (gzip.compress(f"card {CARD}".encode(), mtime=0), "default", "ask"),
        (gzip.compress(f"use {KEY}".encode(), mtime=0), "default", "block"),
        (gzip.compress(b"two chairs", mtime=0)[:-9], "strict", "ask"),
        (b"\x89PNG\x00\x01", "default", "pass"),
        (b"\x89PNG\x00\x01", "strict", "ask"),
    ],
)
@pytest.mark.requirement("GR-02", "TL-06")
async def test_an_attachment_is_looked_over_before_it_leaves(
    tmp_path: Path, data: bytes, profile: str, action: str
) -> None:
    shop = Shop(tmp_path / "shop", f"sqlite:///{tmp_path / 'runs.db'}")
    (shop.folder / "cards.txt").write_bytes(data)
    shop.workflow(
        "w",
        f"steps: [{{id: a, tool: mail.send, guardrails: {profile}, with: {{to: [ann@example.com], "
        "subject: x, text: y, attachments: [cards.txt]}}]\n",
    )
    tool = Posting()
    async with shop.open({"mail.send": tool}) as app:
        run = await ran(app, "w")
        of_files = [
            one.verdict.action
            for one in await verdicts(app, run)
            if one.verdict.place == "arguments"
            and any(why.kind != "email" for why in one.verdict.reasons)
        ]
        summary = await app.reader.run(app.tenant, run)
        assert of_files == ([action] if action else [])
        assert CARD not in repr(await app.histories.events(run))
        assert summary.error_code == ("guardrail_blocked" if action == "block" else "")
        if action in ("", "pass"):
            assert (summary.status, tool.calls) == (RunStatus.SUCCEEDED, 1)
        else:
            assert tool.calls == 0


class Exchanging(Posting):
    """``mail.send`` that reads what it sends after somebody has put another file in its place."""

    def __init__(self, file: Path, data: bytes | None) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self._file, self._data = file, data

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Read as the tools of the house do."""
        if self._data is not None:
            self._file.write_bytes(self._data)
        source = await source_of(call, blob, "letter.txt", 9_000_000, "")
        self.sent.append(source.stream.read())
        source.close()
        return await super().call(call, blob)


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (b"two chairs", None, ""),
        (b"two chairs", b"two chairs", ""),
        (b"two chairs", b"the secret plan", "file_changed"),
        (b"two chairs" + b"." * LARGEST, b"two chairs" + b"." * LARGEST + b"!", "file_changed"),
        (None, b"the secret plan", "file_changed"),
    ],
    ids=["alone", "same", "other", "its-end", "new"],
)
@pytest.mark.requirement("GR-02", "GR-10", "TL-06")
async def test_what_was_looked_over_is_what_leaves(
    tmp_path: Path, before: bytes | None, after: bytes | None, code: str
) -> None:
    shop = Shop(tmp_path / "shop", f"sqlite:///{tmp_path / 'runs.db'}")
    file = shop.folder / "letter.txt"
    if before is not None:
        file.write_bytes(before)
    shop.workflow(
        "w",
        "steps: [{id: a, tool: mail.send, with: {to: [ann@example.com], subject: x, text: y, "
        "attachments: [letter.txt]}}]\n",
    )
    tool = Exchanging(file, after)
    async with shop.open({"mail.send": tool}) as app:
        run = await ran(app, "w")
        events = [event.payload for event in await app.histories.events(run)]
        assert tool.sent == ([] if code else [before])
        failed = [one.failure.code for one in events if isinstance(one, ToolFailed)]
        assert failed == ([code] if code else [])


ASKING = """package kapell.tool

import rego.v1

ask contains {"rule": "mail", "reason": "somebody looks at every mail"} if {
    input.tool.name == "mail.send"
}
"""


@pytest.mark.parametrize(
    ("after", "code"), [(None, ""), (b"the secret plan", "file_changed")], ids=["alone", "other"]
)
@pytest.mark.requirement("GR-10", "TL-06")
async def test_what_people_agreed_to_is_what_leaves_without_the_content_guard_too(
    tmp_path: Path, after: bytes | None, code: str
) -> None:
    shop = Shop(
        tmp_path / "shop",
        f"sqlite:///{tmp_path / 'runs.db'}",
        "guardrails: {flags: {content: false}}\n",
    )
    (shop.folder / "policies").mkdir()
    (shop.folder / "policies/own.rego").write_text(ASKING)
    file = shop.folder / "letter.txt"
    file.write_bytes(b"two chairs")
    shop.workflow(
        "w",
        "steps: [{id: a, tool: mail.send, with: {to: [ann@example.com], subject: x, text: y, "
        "attachments: [letter.txt]}}]\n",
    )
    tool = Exchanging(file, after)
    async with shop.open({"mail.send": tool}) as app:
        run = await ran(app, "w")
        (row,) = await app.reader.approvals(app.tenant, run)
        await app.approvals.answer(run, row.path, True)
        await app.run_until_idle(run)
        events = [event.payload for event in await app.histories.events(run)]
        assert tool.sent == ([] if code else [b"two chairs"])
        failed = [one.failure.code for one in events if isinstance(one, ToolFailed)]
        assert failed == ([code] if code else [])


def test_what_is_too_large_is_no_text_to_look_over() -> None:
    assert text_of(b"a" * LARGEST) is not None
    assert text_of(b"a" * (LARGEST + 1)) is None
