"""`file.list` and `file.search`: what there is to read, and nothing else."""

import os
from pathlib import Path

import pytest

from kapell.adapters.tools.finding.walking import fits
from kapell.adapters.tools.options import ToolOptions
from kapell.kit.json import Json
from tests.integration.tools.world import World


@pytest.fixture
async def full(world: World, tmp_path: Path) -> World:
    for path, text in {
        "README.md": "# Shop\nIt sells pens.\n",
        "src/a.py": "pen = 1\nPEN = 2\n",
        "src/deep/b.py": "x = 'pen'\n",
        "src/.hidden.py": "pen\n",
        ".git/config": "pen\n",
        "data/picture.png": "\x89PNG\x00pen",
        "own.md": "the workspace's pen\n",
    }.items():
        place = world.workspace / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    (tmp_path / "secret.txt").write_text("pen outside")
    os.symlink(tmp_path / "secret.txt", world.workspace / "link.txt")
    os.symlink(tmp_path, world.workspace / "way")
    await world.call("file.write", path="own.md", text="the run's pen\n")
    await world.call("file.write", path="out/new.md", text="new\n")
    return world


async def paths(world: World, **args: Json) -> list[str]:
    files = (await world.call("file.list", **args))["files"]
    assert isinstance(files, list)
    return [str(one["path"]) for one in files if isinstance(one, dict)]


@pytest.mark.requirement("TL-03", "WF-12")
async def test_files_are_listed_without_links_and_hidden_ones(full: World) -> None:
    answer = await full.call("file.list")
    assert answer["files"] == [
        {"path": "own.md", "size": 14, "where": "run"},
        {"path": "out/new.md", "size": 4, "where": "run"},
        {"path": "README.md", "size": 22, "where": "workspace"},
        {"path": "data/picture.png", "size": 9, "where": "workspace"},
        {"path": "src/a.py", "size": 16, "where": "workspace"},
        {"path": "src/deep/b.py", "size": 10, "where": "workspace"},
    ]
    assert (answer["count"], answer["more"]) == (6, False)
    assert await paths(full, folder="src") == ["src/a.py", "src/deep/b.py"]
    assert await paths(full, folder="src", pattern="*.py") == ["src/a.py"]
    assert await paths(full, pattern="**/*.py") == ["src/a.py", "src/deep/b.py"]
    assert (await full.call("file.list", limit=2))["more"] is True


@pytest.mark.requirement("TL-06")
@pytest.mark.parametrize(
    ("folder", "code"),
    [
        ("..", "path_outside"),
        ("/etc", "path_outside"),
        ("src/../..", "path_outside"),
        ("way", "path_outside"),
        (".git", "file_missing"),
        ("gone", "file_missing"),
    ],
)
async def test_folders_outside_are_refused(full: World, folder: str, code: str) -> None:
    assert (await full.refused("file.list", folder=folder)).code == code
    assert (await full.refused("file.search", find="pen", folder=folder)).code == code


@pytest.mark.requirement("TL-03")
async def test_lines_are_found(full: World) -> None:
    answer = await full.call("file.search", find="pen")
    assert answer == {
        "matches": [
            {"path": "own.md", "line": 1, "text": "the run's pen"},
            {"path": "README.md", "line": 2, "text": "It sells pens."},
            {"path": "src/a.py", "line": 1, "text": "pen = 1"},
            {"path": "src/deep/b.py", "line": 1, "text": "x = 'pen'"},
        ],
        "count": 4,
        "searched": 5,
        "more": False,
    }
    expression = await full.call(
        "file.search", find=r"^pen\b", regex=True, ignore_case=True, pattern="**/*.py"
    )
    assert expression["count"] == 1
    few = await full.call("file.search", find="pen", limit=2)
    assert (few["count"], few["more"]) == (2, True)
    broken = await full.refused("file.search", find="(", regex=True)
    assert broken.code == "pattern_broken"


async def test_large_files_are_passed_over(tmp_path: Path) -> None:
    world = World(tmp_path, tmp_path / "run", ToolOptions(file_bytes=1000))
    (tmp_path / "large.txt").write_text("pen " * 1000)
    (tmp_path / "small.txt").write_text("x" * 500 + " pen " + "y" * 400)
    answer = await world.call("file.search", find="pen")
    assert (answer["searched"], answer["count"]) == (1, 1)
    assert isinstance(answer["matches"], list)
    match = answer["matches"][0]
    assert isinstance(match, dict)
    assert (len(str(match["text"])), "pen" in str(match["text"])) == (300, True)


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a.py", "*.py", True),
        ("s/a.py", "*.py", False),
        ("s/a.py", "**/*.py", True),
        ("a.py", "**/*.py", True),
        ("s/t/a.py", "s/**", True),
        ("s/t/a.py", "s/**/a.py", True),
        ("s/a.py", "s/**/a.py", True),
        ("s/a.py", "t/**/a.py", False),
        ("s/a.py", "**/**/**/x.py", False),
        ("s/A.py", "*/a.py", False),
    ],
)
def test_patterns(path: str, pattern: str, expected: bool) -> None:
    assert fits(tuple(path.split("/")), tuple(pattern.split("/"))) is expected
