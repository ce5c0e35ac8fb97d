"""Files that strangers wrote stay theirs, whichever way they come into a call that leaves."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from kapell.core.events.guarding.guard import PolicyVerdict
from kapell.core.events.tool import ToolRequested
from kapell.core.guardrails.standing import ProfileName
from kapell.core.tools.paths import PATH_MARK
from kapell.core.tools.spec import ToolSpec
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult
from tests.integration.runs.shop import Shop

PATHS: Json = {"type": "array", "items": {"type": "string", PATH_MARK: True}}
SETTINGS = """\
guardrails: {untrusted: ["letters/**"]}
"""


class Post:
    """A tool that takes texts and files out of the workspace."""

    spec = ToolSpec(
        name="test.post",
        description="Send.",
        args={"type": "object", "properties": {"text": {"type": "string"}, "files": PATHS}},
        effects="external",
    )

    def __init__(self) -> None:
        self.sent = 0

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Count."""
        self.sent += 1
        return ToolResult(output="sent")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Return a workspace with files of its author's and of strangers."""
    made = Shop(tmp_path / "downloads" / "shop", f"sqlite:///{tmp_path / 'runs.db'}", SETTINGS)
    for name in ("inbox/one.txt", "letters/two.txt", "notes.txt"):
        path = made.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("send it all", "utf-8")
    return made


async def carried_out(shop: Shop, post: Post, **given: str) -> tuple[Sequence[str], str]:
    """Return how the sending of a run was judged, and what strangers had a part in there."""
    async with shop.open({"test.post": post}) as app:
        run = (await app.starter.start("w", given)).run_id
        await app.run_until_idle(run)
        payloads = [one.payload for one in await app.histories.events(RunId(run))]
    judged = [one.judgement.ruling for one in payloads if isinstance(one, PolicyVerdict)]
    asked = [one for one in payloads if isinstance(one, ToolRequested) and one.tool == "test.post"]
    origins = {origin for one in asked for origin in one.labels.get("text", ())}
    return judged, " ".join(sorted(origins))


@pytest.mark.requirement("TL-06", "GR-06")
@pytest.mark.parametrize(
    ("path", "strange"), [("inbox/one.txt", True), ("letters/two.txt", True), ("notes.txt", False)]
)
async def test_a_file_given_as_an_input_is_a_strangers_where_it_lies_among_theirs(
    shop: Shop, path: str, strange: bool
) -> None:
    shop.workflow(
        "w",
        "inputs: {mail: {type: file}}\nsteps:\n"
        '  - {id: read, tool: file.read, with: {path: "{{ inputs.mail }}"}}\n'
        '  - {id: send, tool: test.post, with: {text: "{{ steps.read.output.text }}"}}\n',
    )
    post = Post()
    judged, origins = await carried_out(shop, post, mail=str(shop.folder / path))
    assert judged == ["allow", "ask" if strange else "allow"]
    assert post.sent == (0 if strange else 1)
    assert ("web" in origins) is strange


@pytest.mark.requirement("TL-06", "GR-06")
@pytest.mark.parametrize(("path", "ruling"), [("inbox/one.txt", "ask"), ("notes.txt", "allow")])
async def test_a_strangers_file_does_not_leave_unasked_as_an_attachment(
    shop: Shop, path: str, ruling: str
) -> None:
    shop.workflow("w", f"steps:\n  - {{id: s, tool: test.post, with: {{files: [{path}]}}}}\n")
    post = Post()
    judged, _ = await carried_out(shop, post)
    assert judged == [ruling]
    assert post.sent == (ruling == "allow")


@pytest.mark.requirement("TL-06", "GR-06")
async def test_where_labels_are_taken_away_an_attachment_goes(shop: Shop) -> None:
    settings = shop.folder / "kapell.yaml"
    settings.write_text(settings.read_text("utf-8").replace(SETTINGS, ""), "utf-8")
    with settings.open("a", encoding="utf-8") as file:
        file.write("guardrails: {flags: {labels: false}}\n")
    shop.workflow("w", "steps:\n  - {id: s, tool: test.post, with: {files: [inbox/one.txt]}}\n")
    post = Post()
    await carried_out(shop, post)
    assert post.sent == 1


@pytest.mark.requirement("TL-06", "GR-06", "AG-06")
async def test_a_model_that_attaches_what_another_made_of_strangers_words_is_denied(
    shop: Shop,
) -> None:
    (shop.folder / "agents").mkdir()
    (shop.folder / "agents" / "sender.md").write_text(
        "---\nname: sender\ndescription: Sends.\ntools: [test.post]\n---\nYou send.\n", "utf-8"
    )
    (shop.folder / "answers.yaml").write_text(
        "answers:\n"
        '  - {label: "send*", turn: 1, asks: [{tool: test.post, args: {files: [kept.txt]}}]}\n'
        '  - {label: "send*", turn: 2, text: done}\n',
        "utf-8",
    )
    shop.workflow(
        "w",
        "model: scripted:answers.yaml\nsteps:\n"
        "  - {id: read, tool: file.read, with: {path: inbox/one.txt}}\n"
        "  - {id: keep, tool: file.write, with: {path: kept.txt, text: "
        '"{{ steps.read.output.text }}"}}\n'
        "  - {id: send, agent: sender, prompt: Send what is there}\n",
    )
    post = Post()
    judged, _ = await carried_out(shop, post)
    assert judged == ["allow", "allow", "deny"]
    assert post.sent == 0


@pytest.mark.requirement("GR-07", "WF-09")
async def test_an_approval_endorses_the_very_bytes_that_a_call_takes_along(shop: Shop) -> None:
    shop.workflow("w", "steps:\n  - {id: s, tool: test.post, with: {files: [inbox/one.txt]}}\n")
    post = Post()
    async with shop.open({"test.post": post}) as app:
        run = (await app.starter.start("w", {})).run_id
        await app.run_until_idle(run)
        (first,) = await app.reader.approvals(app.tenant)
        (shop.folder / "inbox" / "one.txt").write_text("something else", "utf-8")
        await app.approvals.answer(run, first.path, approved=True)
        await app.run_until_idle(run)
        assert post.sent == 0, "what was seen is not what would be sent"
        (second,) = await app.reader.approvals(app.tenant)
        assert second.path != first.path
        await app.approvals.answer(run, second.path, approved=True)
        await app.run_until_idle(run)
        assert post.sent == 1


@pytest.mark.requirement("RO-01", "GR-06")
@pytest.mark.parametrize("asked", [None, "off"])
async def test_nobody_gets_below_the_least_profile_towards_policies_either(
    shop: Shop, asked: ProfileName | None
) -> None:
    shop.workflow(
        "w",
        "guardrails: off\nsteps:\n  - {id: read, tool: file.read, with: {path: inbox/one.txt}}\n"
        '  - {id: send, tool: test.post, with: {text: "{{ steps.read.output.text }}"}}\n',
    )
    post = Post()
    async with shop.open({"test.post": post}) as app:
        run = (await app.starter.start("w", {}, guardrails=asked)).run_id
        await app.run_until_idle(run)
        assert post.sent == 1, "who may ask for none has none"
    settings = shop.folder / "kapell.yaml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("guardrails: {", "guardrails: {least: strict, "), "utf-8")
    async with shop.open({"test.post": post}) as app:
        again = await app.forker.restart(run)
        await app.run_until_idle(again)
        new = (await app.starter.start("w", {}, guardrails=asked)).run_id
        await app.run_until_idle(new)
    assert post.sent == 1
