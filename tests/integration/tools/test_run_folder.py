"""The run's folder is a cache of the log: another process, a retry or a fork finds the same."""

import asyncio
import os
from pathlib import Path

import pytest

from kapell.adapters.tools.files.folder import LocalRunFolder
from kapell.kit.errors import Bug, Denied, Missing
from kapell.kit.ids import LOCAL
from kapell.kit.json import Digest, digest
from kapell.testing.tools.worlds import MemoryBlobs
from tests.integration.tools.world import World


class Folder:
    """A folder, its restorer and the artifacts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.blobs = MemoryBlobs()
        self.port = LocalRunFolder()

    async def fetch(self, key: Digest) -> bytes:
        return (await self.blobs.get(LOCAL, (key,)))[key]

    async def hold(self, **files: str) -> dict[str, str]:
        """Hold these files, by name and text, and return what lies there."""
        wanted = {name: self.blobs.add(text.encode()) for name, text in files.items()}
        async with self.port.hold(str(self.path), wanted, self.fetch):
            return self.found()

    def found(self) -> dict[str, str]:
        if not self.path.exists():
            return {}
        files = (path for path in self.path.rglob("*") if path.is_file() or path.is_symlink())
        return {str(path.relative_to(self.path)): path.read_text() for path in files}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "runs" / "r1")


@pytest.mark.requirement("WF-12")
async def test_another_process_finds_the_folder_as_it_was(world: World, tmp_path: Path) -> None:
    await world.call("file.write", path="out/a.txt", text="one")
    await world.call("table.write", path="t.csv", rows=[{"a": 1}])
    before = world.on_disk()
    other = World(world.workspace, tmp_path / "elsewhere", blobs=world.blobs, files=world.files)
    assert (await other.call("file.read", path="out/a.txt"))["text"] == "one"
    assert other.on_disk() == before


async def test_missing_changed_and_extra_files_are_mended(folder: Folder) -> None:
    assert await folder.hold(a="1", b="2") == {"a": "1", "b": "2"}
    (folder.path / "a").unlink()
    (folder.path / "b").write_text("other")
    (folder.path / "extra").mkdir()
    (folder.path / "extra" / "x").write_text("x")
    (folder.path / "link").symlink_to("/etc")
    folder.port = LocalRunFolder()
    assert await folder.hold(a="1", b="2") == {"a": "1", "b": "2"}
    assert sorted(os.listdir(folder.path)) == ["a", "b"]


async def test_the_log_alone_decides_within_one_process(folder: Folder) -> None:
    assert await folder.hold(a="1") == {"a": "1"}
    assert await folder.hold(a="2", b="3") == {"a": "2", "b": "3"}
    assert await folder.hold(b="3") == {"b": "3"}
    (folder.path / "b").write_text("tampered with")
    assert await folder.hold(b="3") == {"b": "3"}
    assert await folder.hold() == {}


async def test_an_unchanged_folder_fetches_nothing(folder: Folder) -> None:
    await folder.hold(a="1", b="2")
    fetched = len(folder.blobs.fetched)
    await folder.hold(a="1", b="2")
    folder.port = LocalRunFolder()
    await folder.hold(a="1", b="2")
    assert len(folder.blobs.fetched) == fetched == 2


async def test_what_a_failed_call_left_behind_is_removed(folder: Folder) -> None:
    await folder.hold(a="1")
    wanted = {"a": digest(b"1")}
    with pytest.raises(RuntimeError):
        async with folder.port.hold(str(folder.path), wanted, folder.fetch):
            (folder.path / "half").write_text("half")
            raise RuntimeError("in the middle")
    assert await folder.hold(a="1") == {"a": "1"}


async def test_calls_side_by_side_leave_each_others_files_alone(folder: Folder) -> None:
    await folder.hold(a="1", old="o")
    inside, leave = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        wanted = {"a": digest(b"1"), "old": digest(b"o")}
        async with folder.port.hold(str(folder.path), wanted, folder.fetch):
            (folder.path / "mine").write_text("m")
            (folder.path / "a").write_text("changed")
            inside.set()
            await leave.wait()

    task = asyncio.create_task(first())
    await inside.wait()
    assert await folder.hold(a="1", b="2") == {"a": "changed", "b": "2", "mine": "m"}
    leave.set()
    await task
    assert await folder.hold(a="changed", b="2", mine="m") == {
        "a": "changed",
        "b": "2",
        "mine": "m",
    }
    assert await folder.hold(a="1", b="2") == {"a": "1", "b": "2"}


async def test_a_file_takes_the_place_of_a_folder_and_back(folder: Folder) -> None:
    key = folder.blobs.add(b"x")
    for wanted in ({"a/b": key}, {"a": key}, {"a/b/c": key}):
        folder.port = LocalRunFolder()
        async with folder.port.hold(str(folder.path), wanted, folder.fetch):
            assert folder.found() == dict.fromkeys(wanted, "x")


async def test_a_manifest_cannot_lead_outside(folder: Folder, tmp_path: Path) -> None:
    key = folder.blobs.add(b"x")
    for path in ("../../evil", "/evil", "a/../../../evil"):
        with pytest.raises(Denied) as caught:
            async with folder.port.hold(str(folder.path), {path: key}, folder.fetch):
                pass
        assert caught.value.code == "path_outside"
    assert not (tmp_path / "evil").exists()


async def test_artifacts_that_are_gone_or_broken_are_said(folder: Folder) -> None:
    with pytest.raises(Missing) as gone:
        async with folder.port.hold(str(folder.path), {"a": digest(b"?")}, folder.fetch):
            pass
    assert gone.value.code == "artifact_unknown"
    folder.blobs.items[digest(b"right")] = b"wrong"
    with pytest.raises(Bug) as broken:
        async with folder.port.hold(str(folder.path), {"a": digest(b"right")}, folder.fetch):
            pass
    assert broken.value.code == "artifact_broken"
    assert broken.value.advice
    assert await folder.hold(a="1") == {"a": "1"}


async def test_many_files_cost_only_what_changed(folder: Folder) -> None:
    many = {f"f{number}": str(number) for number in range(250)}
    await folder.hold(**many)
    fetched = len(folder.blobs.fetched)
    assert (await folder.hold(**many, more="m"))["more"] == "m"
    assert len(folder.blobs.fetched) == fetched + 1


async def test_only_so_many_folders_are_remembered_and_none_in_use_is_lost(tmp_path: Path) -> None:
    blobs, port = MemoryBlobs(), LocalRunFolder()
    key = blobs.add(b"x")

    async def fetch(digest: Digest) -> bytes:
        return blobs.items[digest]

    used = str(tmp_path / "used")
    async with port.hold(used, {"a": key}, fetch):
        for number in range(1100):
            async with port.hold(str(tmp_path / f"r{number}"), {}, fetch):
                pass
        (tmp_path / "used" / "mine").write_text("m")
        async with port.hold(used, {"a": key}, fetch):
            assert (tmp_path / "used" / "mine").exists()
