"""A workspace with the scripted program in it, and calls through the door."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kapell.adapters.tools.files.folder import LocalRunFolder
from kapell.adapters.tools.runtimes.registry import runtimes
from kapell.adapters.tools.runtimes.tmux import Tmux
from kapell.kit.ids import LOCAL, RunId
from kapell.kit.json import Json
from kapell.services.tools.executor import ToolExecutor
from kapell.services.tools.ports import ToolCall
from kapell.testing.tools.worlds import MemoryBlobs
from tests.fixtures.sandboxes import install

DESK = Path(__file__).with_name("desk.py")


class Place:
    """A workspace whose agents live elsewhere."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.door = ToolExecutor(runtimes(), MemoryBlobs(), LocalRunFolder())

    def write(self, name: str, text: str) -> None:
        """Write a module of the workspace."""
        (self.root / "tools").mkdir(exist_ok=True)
        (self.root / "tools" / name).write_text(text, "utf-8")

    def request(
        self, tool: str, args: dict[str, Json], call: str, within: float | None
    ) -> ToolCall:
        """Return a call; its key is that of its first number, as it is in runs."""
        return ToolCall(
            tenant_id=LOCAL,
            run_id=RunId("r1"),
            call=call,
            tool=tool,
            args={"agent": "a", **args},
            key=f"r1:{call.rpartition('/')[0]}/1",
            timeout=within,
            workspace=str(self.root),
            folder=str(self.root / "run"),
        )

    async def python(self, entry: str, prompt: Json, within: float = 30, **more: Json) -> Json:
        """Ask an object."""
        args: dict[str, Json] = {"entry": entry, "prompt": prompt, **more}
        return (await self.door.call(self.request("runtime.python", args, "s#1/1", within))).output

    async def desk(
        self, prompt: str, *words: str, call: str = "s#1/1", within: float = 30, **more: Json
    ) -> Json:
        """Ask the scripted program."""
        args: dict[str, Json] = {
            "prompt": prompt,
            "command": [sys.executable, str(DESK), *words],
            "ready": "desk> ",
            **more,
        }
        said: dict[str, Json] = {name: value for name, value in args.items() if value is not None}
        return (await self.door.call(self.request("runtime.tmux", said, call, within))).output

    @property
    def heard(self) -> list[str]:
        """Return what the program was sent."""
        log = self.root / "desk.log"
        return log.read_text("utf-8").splitlines() if log.exists() else []


@pytest.fixture
def tmux() -> None:
    """See to it that tmux is there."""
    why = install("tmux", "tmux")
    if why:
        pytest.skip(why)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Give a workspace; terminals in it are ended."""
    yield Place(tmp_path)
    if shutil.which("tmux"):
        words = ["tmux", "-L", Tmux(str(tmp_path)).server, "kill-server"]
        subprocess.run(words, stderr=subprocess.DEVNULL, check=False)
