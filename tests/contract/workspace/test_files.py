"""What every workspace of files promises, on the disk and in memory."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kapell.adapters.workspace import WorkspaceFolder, find_root
from kapell.kit.errors import Denied, Invalid, Missing
from kapell.services.workflows.ports import Files
from kapell.testing.workspace import MemoryFiles

CONTENT = {
    "agents/writer.md": "---\nname: writer\n---\nYou write.",
    "agents/.hidden.md": "x",
    "agents/notes.txt": "x",
    "workflows/b.yaml": "name: b",
    "workflows/a.json": "{}",
    "kapell.yaml": "",
}

Make = Callable[[], Files]


@pytest.fixture(params=["disk", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    if request.param == "memory":
        return MemoryFiles(CONTENT)
    for path, text in CONTENT.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return WorkspaceFolder(tmp_path)


def test_names_are_sorted_and_of_the_endings_asked_for(files: Files) -> None:
    assert files.names("workflows", (".yaml", ".json")) == ("workflows/a.json", "workflows/b.yaml")
    assert files.names("agents", (".md",)) == ("agents/writer.md",)
    assert files.names("nowhere", (".md",)) == ()


def test_reading(files: Files) -> None:
    assert files.read("workflows/b.yaml") == b"name: b"
    with pytest.raises(Missing) as caught:
        files.read("workflows/c.yaml")
    assert caught.value.code == "file_missing"


def test_finding_inside(files: Files) -> None:
    assert files.inside("workflows/b.yaml") == "workflows/b.yaml"
    assert files.inside("agents/../workflows/b.yaml") == "workflows/b.yaml"
    assert files.inside("workflows/c.yaml") is None
    assert files.inside("workflows") is None
    assert files.inside("") is None
    for outside in ("../x", "/etc/passwd", "agents/../../x"):
        with pytest.raises(Denied) as caught:
            files.inside(outside)
        assert caught.value.code == "path_outside"


def test_locating_what_a_person_names(files: Files) -> None:
    assert files.locate("./workflows/b.yaml") == "workflows/b.yaml"
    assert files.locate("workflows/c.yaml") is None
    assert files.locate("b") is None
    assert files.locate("") is None


def test_stamps_are_there_for_files_and_folders(files: Files) -> None:
    assert files.stamp("workflows/b.yaml") == files.stamp("workflows/b.yaml")
    assert files.stamp("workflows/b.yaml") is not None
    assert files.stamp("workflows") is not None
    assert files.stamp("nowhere") is None


def test_a_changed_file_has_another_stamp(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("name: a")
    folder = WorkspaceFolder(tmp_path)
    before = folder.stamp("a.yaml")
    path.write_text("name: ab")
    assert folder.stamp("a.yaml") != before


def test_a_link_out_of_the_workspace_is_no_way_out(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    root = tmp_path / "root"
    root.mkdir()
    os.symlink(tmp_path / "secret.json", root / "inner.json")
    with pytest.raises(Denied):
        WorkspaceFolder(root).inside("inner.json")


def test_files_a_person_names_may_lie_anywhere(tmp_path: Path) -> None:
    root, other = tmp_path / "root", tmp_path / "other"
    root.mkdir()
    other.mkdir()
    (other / "w.yaml").write_text("name: w")
    folder = WorkspaceFolder(root, current=other)
    assert folder.locate("w.yaml") == (other / "w.yaml").as_posix()
    assert folder.read((other / "w.yaml").as_posix()) == b"name: w"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").mkdir()
    with pytest.raises(Invalid) as caught:
        WorkspaceFolder(tmp_path).read("x.yaml")
    assert caught.value.code == "file_unreadable"


def test_no_more_is_read_than_a_definition_may_have(tmp_path: Path) -> None:
    (tmp_path / "big.yaml").write_bytes(b"x" * 5_000_000)
    assert 1_000_000 < len(WorkspaceFolder(tmp_path).read("big.yaml")) < 1_200_000


def test_the_root_is_the_nearest_folder_with_settings(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_root(inner) == inner
    (tmp_path / "a" / "agents").mkdir()
    assert find_root(inner) == tmp_path / "a"
    (tmp_path / "kapell.yaml").write_text("")
    assert find_root(inner) == tmp_path
    assert find_root(inner / "w.yaml") == tmp_path
