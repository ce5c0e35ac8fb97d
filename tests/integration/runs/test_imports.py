"""What an export may hold: one that was tampered with is refused, and reaches nothing outside."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kapell.core.events.run import RunQueued
from kapell.core.events.value import INLINE_LIMIT
from kapell.core.runs.status import RunStatus
from kapell.kit.errors import Conflict, Invalid
from kapell.services.runs.porting import porter
from tests.integration.runs.shop import Shop, facts, output, reached, started, working

WRITES = """\
steps:
  - {id: hi, ask: Hi}
  - {id: ask, approval: {title: Go?, expires: 30d}}
  - {id: write, tool: file.write, with: {path: note.txt, text: hello}}
  - {id: read, tool: file.read, with: {path: secret.txt}}
outputs: {text: "{{ steps.read.output.text }}"}
"""

Change = Callable[[dict[str, Any]], object]


def tampered(file: bytes, change: Change) -> bytes:
    """Return an export as somebody with an editor would have it."""
    document = json.loads(gzip.decompress(file))
    for event in document["events"]:
        event["payload"] = json.loads(event["payload"])
    change(document)
    for event in document["events"]:
        event["payload"] = json.dumps(event["payload"])
    return gzip.compress(json.dumps(document).encode())


def _set(kind: str, **values: object) -> Change:
    def change(document: dict[str, Any]) -> None:
        next(e for e in document["events"] if e["type"] == kind)["payload"].update(values)

    return change


def _envelope(number: int, **values: object) -> Change:
    return lambda document: document["events"][number].update(values)


def _added(kind: str, **payload: object) -> Change:
    def change(document: dict[str, Any]) -> None:
        events = document["events"]
        last = events[-1]
        seq = last["seq"] + 1
        nonce = last["id"].rpartition("-")[0]
        new = {"id": f"{nonce}-{seq}", "seq": seq, "type": kind, "payload": payload}
        events.append({**last, **new})

    return change


FORK = {"run_id": "../../evil", "seq": 3}
CHILD = {"path": "ask", "workflow": "w", "inputs": {"$ref": "inline"}}
OTHER = "c0123456789abcdef012345678"
SHORT = {"$ref": "artifact", "digest": "../x", "size": 1}
NONE = "0" * 64
RETURN = {"call": "ask#1/1", "path": "ask", "tool": "t", "output": {"$ref": "inline", "value": 1}}
OUTSIDE = {"path": "../../x", "digest": None}
ABSENT = {"path": "x.txt", "digest": NONE}

TAMPERED: dict[str, Change] = {
    "a path for an id": lambda d: d.update(run_id="../../../evil/run"),
    "no id": lambda d: d.update(run_id=""),
    "no id of ours": lambda d: d.update(run_id="x" * 27),
    "the id of a fork": _added("run.forked", **FORK),
    "the id of an origin": _set("run.queued", origin={"kind": "child", "run_id": "../x"}),
    "the id of a child": _added("child.started", run_id="../x", **CHILD),
    "somebody else's child": _added("child.started", run_id=OTHER, **CHILD),
    "queued twice": _added("run.queued", workflow="w", version="v", inputs={"$ref": "inline"}),
    "the id of a start": _envelope(0, correlation_id="../x"),
    "a file outside": _added("tool.returned", files=[OUTSIDE], **RETURN),
    "a file that is missing": _added("tool.returned", files=[ABSENT], **RETURN),
    "an artifact that was changed": lambda d: d["artifacts"].update({NONE: "eA=="}),
    "another version": lambda d: d["version"].update(name="other"),
    "the digest of an artifact": _set("run.queued", inputs=SHORT),
    "a late instant": _envelope(-1, at=1e300),
    "an early instant": _envelope(0, at=-1.0),
    "a missing number": _envelope(0, seq=2),
    "an old version": _envelope(0, version=-(10**12)),
    "a NUL": _envelope(-1, actor="user:\x00"),
    "a payload that does not fit": _set("run.assigned", worker=1),
    "a timer": _set("approval.requested", expires=1e300),
    "a waiting": _set("step.waiting", until=-1e300),
    "a cost": _set("budget.settled", usd=-(10**18)),
    "a large cost": _set("budget.settled", usd=10**30),
    "a cost that breaks sums": _set("budget.settled", usd=9 * 10**18),
    "tokens": _set("model.answered", usage={"input_tokens": 10**30}),
    "a priority": _set("run.queued", priority=10**30),
    "a call nobody asked for": _set("budget.reserved", call="nope"),
    "no events": lambda d: d.update(events=[]),
}


@pytest.mark.requirement("DX-07")
async def test_an_export_that_was_tampered_with_is_refused(shop: Shop, tmp_path: Path) -> None:
    shop.workflow("writes", WRITES)
    other = Shop(tmp_path / "other", f"sqlite:///{tmp_path / 'other.db'}")
    async with shop.open() as here, other.open() as there:
        async with working(here):
            run = await started(here, "writes")
            await reached(here, run, RunStatus.WAITING)
        file = await here.porter.export(run)
        wrong = {}
        for name, change in TAMPERED.items():
            try:
                await there.porter.load(tampered(file, change))
            except Invalid as error:
                wrong[name] = error.code
            except Exception as error:  # what must not come is told beside its case
                wrong[name] = repr(error)
            else:
                wrong[name] = "taken in"
        assert wrong == dict.fromkeys(TAMPERED, "export_broken")
        assert not await there.reader.runs(there.tenant, limit=9)
        assert await there.porter.load(file) == run


@pytest.mark.requirement("DX-07")
@pytest.mark.parametrize("tamper", [False, True])
async def test_an_imported_run_works_where_it_was_imported(
    tamper: bool, shop: Shop, tmp_path: Path
) -> None:
    shop.workflow("writes", WRITES)
    (shop.folder / "secret.txt").write_text("of there", "utf-8")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("of outside", "utf-8")
    other = Shop(tmp_path / "other", f"sqlite:///{tmp_path / 'other.db'}")
    (other.folder / "secret.txt").write_text("of here", "utf-8")
    async with shop.open() as here, other.open() as there:
        async with working(here):
            run = await started(here, "writes")
            await reached(here, run, RunStatus.WAITING)
        file = await here.porter.export(run)
        assert str(shop.folder).encode() not in gzip.decompress(file)
        if tamper:
            file = tampered(file, _set("run.queued", workspace=str(outside)))
        await there.porter.load(file)
        (queued,) = await facts(there, run, RunQueued)
        assert isinstance(queued.payload, RunQueued)
        assert queued.payload.workspace == str(other.folder)
        async with working(there):
            await there.approvals.answer(run, "ask", True)
            assert await output(there, run) == {"text": "of here"}
        note = other.folder / ".kapell" / "runs" / run / "note.txt"
        assert note.read_text("utf-8") == "hello"
        assert [one.name for one in outside.iterdir()] == ["secret.txt"]


KEEPS = """\
inputs: {notes: {type: file}, more: {type: string}}
steps:
  - {id: ask, approval: {title: Go?, expires: 30d}}
  - {id: read, tool: file.read, with: {path: "{{ inputs.notes }}"}}
  - {id: like, set: {digest: "%s", artifact: "%s", name: none.txt}}
outputs: {text: "{{ steps.read.output.text }}", like: "{{ steps.like.output }}"}
"""


@pytest.mark.requirement("DX-07")
@pytest.mark.parametrize("more", [1, INLINE_LIMIT], ids=["small", "large"])
async def test_an_export_has_the_files_its_values_hold_and_no_others(
    more: int, shop: Shop, tmp_path: Path
) -> None:
    """Files may stand inside a value so large that it is an artifact itself."""
    none = "0" * 64
    shop.workflow("keeps", KEEPS % (none, none))
    notes = tmp_path / "notes.txt"
    notes.write_text("of old", "utf-8")
    other = Shop(tmp_path / "other", f"sqlite:///{tmp_path / 'other.db'}")
    async with shop.open() as here, other.open() as there:
        async with working(here):
            run = await started(here, "keeps", {"notes": str(notes), "more": "x" * more})
            await reached(here, run, RunStatus.WAITING)
        await there.porter.load(await here.porter.export(run))
        async with working(there):
            await there.approvals.answer(run, "ask", True)
            like = {"digest": none, "artifact": none, "name": "none.txt"}
            assert await output(there, run) == {"text": "of old", "like": like}
        # What looks like an artifact and is none keeps no run from being exported.
        third = Shop(tmp_path / "third", f"sqlite:///{tmp_path / 'third.db'}")
        async with third.open() as last:
            assert await last.porter.load(await there.porter.export(run)) == run


@pytest.mark.requirement("DX-07")
async def test_a_file_that_unpacks_to_more_than_memory_holds_is_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.workflow("writes", WRITES)
    async with shop.open() as app:
        run = await started(app, "writes")
        file = await app.porter.export(run)
        size = len(gzip.decompress(file))
        monkeypatch.setattr(porter, "LARGEST", size)
        with pytest.raises(Conflict, match="here already"):
            await app.porter.load(file)
        monkeypatch.setattr(porter, "LARGEST", size - 1)
        with pytest.raises(Invalid, match="larger than"):
            await app.porter.load(file)
        with pytest.raises(Invalid, match="larger than"):
            await app.porter.export(run)
