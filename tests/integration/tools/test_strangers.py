"""Files that strangers wrote: whatever reads them says so, through links and from afar."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from kapell.adapters.tools.files.folder import LocalRunFolder
from kapell.adapters.tools.files.strangers import StrangersFiles
from kapell.adapters.tools.registry import builtin_tools
from kapell.kit.json import Json
from kapell.services.tools.executor import ToolExecutor
from tests.integration.tools.world import World


@pytest.fixture
def placed(tmp_path: Path) -> World:
    """Return a workspace with files of its author's and of strangers."""
    world = World(tmp_path / "ws", tmp_path / "run")
    folder = world.workspace
    for name in ("notes.md", "mails/Inbox/one.md", "Downloads/page.html", "letters/two.eml"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("hello words", encoding="utf-8")
    (folder / "plain").symlink_to(folder / "mails" / "Inbox")
    (folder / "rows").mkdir()
    (folder / "rows" / "inbox.csv").write_text("a\n1\n", encoding="utf-8")
    (folder / "uploads").mkdir()
    (folder / "uploads" / "rows.csv").write_text("a\n1\n", encoding="utf-8")
    strangers = StrangersFiles(["letters/**"])
    tools = builtin_tools(world.options)
    world.door = ToolExecutor(tools, world.blobs, LocalRunFolder(), strangers=strangers)
    return world


@pytest.mark.requirement("TL-06", "GR-01")
@pytest.mark.parametrize(
    ("tool", "args", "trust"),
    [
        ("file.read", {"path": "notes.md"}, "trusted"),
        ("file.read", {"path": "mails/Inbox/one.md"}, "untrusted"),
        ("file.read", {"path": "./mails//Inbox/one.md"}, "untrusted"),
        ("file.read", {"path": "plain/one.md"}, "untrusted"),
        ("file.read", {"path": "Downloads/page.html"}, "untrusted"),
        ("file.read", {"path": "letters/two.eml"}, "untrusted"),
        ("table.read", {"path": "rows/inbox.csv"}, "trusted"),
        ("table.read", {"path": "uploads/rows.csv"}, "untrusted"),
        ("file.list", {"folder": "mails"}, "untrusted"),
        ("file.list", {"pattern": "*.md", "folder": "rows"}, "trusted"),
        ("file.search", {"find": "hello"}, "untrusted"),
        ("file.search", {"find": "hello", "pattern": "notes.md"}, "trusted"),
        ("file.write", {"path": "inbox/mine.md", "text": "mine"}, "trusted"),
    ],
)
async def test_what_lies_where_strangers_put_things_is_not_trusted(
    placed: World, tool: str, args: Mapping[str, Json], trust: str
) -> None:
    assert (await placed.result(tool, dict(args))).trust == trust
