"""Files of the run and the workspace: what may be reached, and what stays whole."""

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kapell.adapters.tools.options import ToolOptions
from kapell.kit.errors import KapellError
from kapell.kit.json import Json, digest
from tests.drawing import examples
from tests.integration.tools.world import World


@pytest.mark.requirement("WF-12")
async def test_written_is_read_and_deleted_and_told_as_changes(world: World) -> None:
    result = await world.result("file.write", {"path": "out/ü/a.txt", "text": "häl\nlo"})
    data = "häl\nlo".encode()
    assert result.output == {"path": "out/ü/a.txt", "size": len(data)}
    assert result.blobs == {digest(data): data}
    (change,) = result.files
    assert (change.path, change.digest, change.size) == ("out/ü/a.txt", digest(data), len(data))
    read = await world.call("file.read", path="out/ü/a.txt")
    assert read == {"path": "out/ü/a.txt", "text": "häl\nlo", "size": len(data)}
    deleted = await world.result("file.delete", {"path": "out/ü/a.txt"})
    assert deleted.output == {"path": "out/ü/a.txt", "deleted": True}
    assert deleted.files[0].digest is None
    again = await world.call("file.delete", path="out/ü/a.txt")
    assert again == {"path": "out/ü/a.txt", "deleted": False}


async def test_the_runs_folder_comes_before_the_workspace(world: World) -> None:
    (world.workspace / "a.txt").write_text("workspace")
    assert (await world.call("file.read", path="a.txt"))["text"] == "workspace"
    await world.call("file.write", path="a.txt", text="run")
    assert (await world.call("file.read", path="./a.txt"))["text"] == "run"
    assert (world.workspace / "a.txt").read_text() == "workspace"


async def test_absolute_paths_below_a_root_are_taken_as_relative(world: World) -> None:
    (world.workspace / "a.txt").write_text("workspace")
    inside = str(world.workspace / "a.txt")
    with_output = await world.door.call(world.request("file.read", {"path": inside}))
    assert isinstance(with_output.output, dict)
    assert with_output.output["text"] == "workspace"
    await world.call("file.write", path=str(world.folder / "b.txt"), text="b")
    assert world.on_disk() == {"b.txt": b"b"}


LONG = "x" * 256


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a/..",
        "a\x00b",
        LONG,
        "/".join(["y" * 200] * 6),
        "\ud800",
    ],
)
@pytest.mark.parametrize("tool", ["file.read", "file.write", "file.delete", "table.write"])
async def test_paths_that_lead_outside_are_refused(world: World, tool: str, path: str) -> None:
    more: dict[str, Json] = {}
    if tool.endswith("write"):
        more = {"text": "x"} if tool == "file.write" else {"rows": [{"a": 1}]}
    with pytest.raises(KapellError) as caught:
        await world.result(tool, {"path": path, **more})
    assert caught.value.code == "path_outside"
    assert caught.value.advice


@pytest.mark.parametrize("path", [".env", ".kapell/kapell.db", "sub/.secret", ".git/config"])
async def test_hidden_files_of_the_workspace_are_refused(world: World, path: str) -> None:
    target = world.workspace / path
    target.parent.mkdir(exist_ok=True)
    target.write_text("KEY=hunter2")
    error = await world.refused("file.read", path=path)
    assert error.code == "path_hidden"
    (world.workspace / "seen").symlink_to(target)
    assert (await world.refused("file.read", path="seen")).code == "path_hidden"


async def test_links_are_followed_inside_only(world: World, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (world.workspace / "data").mkdir()
    (world.workspace / "data" / "a.txt").write_text("inside")
    (world.workspace / "in").symlink_to("data/a.txt")
    (world.workspace / "out").symlink_to(tmp_path / "secret.txt")
    (world.workspace / "outdir").symlink_to(tmp_path)
    (world.workspace / "round").symlink_to("round")
    assert (await world.call("file.read", path="in"))["text"] == "inside"
    for path in ("out", "outdir/secret.txt"):
        assert (await world.refused("file.read", path=path)).code == "path_outside"
    assert (await world.refused("file.read", path="round")).code == "path_outside"


async def test_a_link_in_the_runs_folder_is_never_written_through(
    world: World, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f.txt").write_text("theirs")
    await world.call("file.write", path="keep.txt", text="k")
    (world.folder / "dir").symlink_to(outside)
    (world.folder / "link.txt").symlink_to(outside / "f.txt")
    error = await world.refused("file.write", path="dir/f.txt", text="mine")
    assert error.code == "path_outside"
    # the failed call made the folder doubtful: the next one finds it clean
    await world.call("file.write", path="link.txt", text="mine")
    assert (outside / "f.txt").read_text() == "theirs"
    assert world.on_disk() == {"keep.txt": b"k", "link.txt": b"mine"}


async def test_devices_pipes_and_folders_are_no_files(world: World) -> None:
    os.mkfifo(world.workspace / "pipe")
    (world.workspace / "folder").mkdir()
    (world.workspace / "null").symlink_to("/dev/null")
    assert (await world.refused("file.read", path="pipe")).code == "path_outside"
    assert (await world.refused("file.read", path="null")).code == "path_outside"
    assert (await world.refused("file.read", path="folder")).code == "path_is_folder"
    assert (await world.refused("file.read", path=".")).code == "path_is_folder"
    await world.call("file.write", path="d/x.txt", text="x")
    assert (await world.refused("file.write", path="d", text="x")).code == "path_is_folder"
    assert (await world.refused("file.delete", path="d")).code == "path_is_folder"
    error = await world.refused("file.write", path="d/x.txt/y", text="x")
    assert error.code == "path_not_folder"


def plant(link: Path, target: Path) -> None:
    """Make a link where there is nothing."""
    if not os.path.lexists(link):
        link.symlink_to(target)


names = st.sampled_from(
    [
        "a",
        "b",
        "..",
        ".",
        "",
        "in",
        "out",
        "outdir",
        "/",
        "~",
        ".env",
        "\x00",
        "ü",
        "a b",
        "*",
        "\\..",
    ]
)


@pytest.mark.slow
@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(names, min_size=1, max_size=6), absolute=st.booleans(), text=st.text())
async def test_no_path_ever_escapes(
    world: World, tmp_path: Path, parts: list[str], absolute: bool, text: str
) -> None:
    secret = tmp_path / "secret" / "a"
    if not secret.exists():
        secret.parent.mkdir()
        secret.write_text("secret")
        (world.workspace / ".env").write_text("secret")
        (world.workspace / "out").symlink_to(secret)
        (world.workspace / "outdir").symlink_to(secret.parent)
        world.folder.mkdir(parents=True)
    path = ("/" if absolute else "") + "/".join(parts)
    for candidate in (path, path + text, f"{world.folder}/{path}", f"{world.workspace}/{path}"):
        for tool, more in (
            ("file.write", {"text": "mine"}),
            ("file.read", {}),
            ("file.delete", {}),
        ):
            # links planted by other means than our tools
            plant(world.folder / "outdir", secret.parent)
            try:
                output = (await world.result(tool, {"path": candidate, **more})).output
            except KapellError as error:
                assert error.code != "tool_bug"
                assert error.advice
            else:
                assert isinstance(output, dict)
                assert output.get("text") in {None, "mine"}
    assert secret.read_text() == "secret"
    assert sorted(os.listdir(tmp_path)) == ["runs", "secret", "workspace"]
    assert os.listdir(secret.parent) == ["a"]
    assert sorted(os.listdir(world.workspace)) == [".env", "out", "outdir"]


async def test_a_missing_file_is_answered_with_the_nearest_name(world: World) -> None:
    (world.workspace / "tickets.csv").write_text("a")
    error = await world.refused("file.read", path="tikets.csv")
    assert error.code == "file_missing"
    assert "'tickets.csv'" in error.advice
    assert (await world.refused("file.read", path="nothing/like/it")).code == "file_missing"


async def test_text_is_text(world: World) -> None:
    (world.workspace / "noise").write_bytes(b"\x00\x01\x02")
    (world.workspace / "old.txt").write_bytes("ü".encode("latin-1"))
    assert (await world.refused("file.read", path="noise")).code == "file_not_text"
    assert (await world.refused("file.read", path="old.txt")).code == "file_encoding"
    read = await world.call("file.read", path="old.txt", encoding="latin-1")
    assert read["text"] == "ü"


async def test_files_have_a_limit_both_ways(tmp_path: Path) -> None:
    world = World(tmp_path, tmp_path / "run", ToolOptions(file_bytes=10))
    (tmp_path / "big.txt").write_text("x" * 11)
    assert (await world.refused("file.read", path="big.txt")).code == "file_too_large"
    error = await world.refused("file.write", path="out.txt", text="x" * 11)
    assert error.code == "file_too_large"
    await world.call("file.write", path="out.txt", text="x" * 10)


@contextmanager
def room(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_leaves_nothing_half_written(world: World) -> None:
    await world.call("file.write", path="a.txt", text="old")
    with room(100_000):
        error = await world.refused("file.write", path="a.txt", text="n" * 300_000)
    assert (error.code, error.retryable) == ("disk_full", False)
    assert world.on_disk() == {"a.txt": b"old"}
    await world.call("file.write", path="a.txt", text="n" * 300_000)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_no_space_left_is_what_a_full_disk_says() -> None:
    script = (
        "import sys\n"
        "from kapell.adapters.tools.files.problems import translated\n"
        "try:\n"
        "    open('/dev/full', 'wb', buffering=0).write(b'x')\n"
        "except OSError as error:\n"
        "    print(translated(error, 'a.txt').code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "disk_full"


READ_ONLY = """
import asyncio, concurrent.futures.thread, os, sys
sys.path.insert(0, sys.argv[2])
from kapell.adapters.tools.files.tools import FileWrite
from kapell.adapters.tools.options import ToolOptions
from kapell.kit.errors import KapellError
from kapell.services.tools.ports import ToolCall

if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)

async def main():
    call = ToolCall(tenant_id="local", run_id="r", call="c", tool="file.write", key="k",
        args={"path": "a/b.txt", "text": "x"}, timeout=None, workspace="", folder=sys.argv[1])
    try:
        await FileWrite(ToolOptions()).call(call, None)
    except KapellError as error:
        print(error.code)

asyncio.run(main())
"""


@pytest.mark.parametrize("exists", [True, False])
def test_a_read_only_folder_is_named_as_such(exists: bool) -> None:
    with tempfile.TemporaryDirectory() as top:
        # not pytest's own place: whoever is not root must be able to look into it
        Path(top).chmod(0o755)
        folder = Path(top) / "runs"
        folder.mkdir()
        folder.chmod(0o555)
        code = written_by_nobody(folder if exists else folder / "r1")
    assert code == "file_forbidden"


def written_by_nobody(folder: Path) -> str:
    """Write as a user to whom permissions matter; return the code of the error."""
    source = str(Path(__file__).parents[3] / "src")
    command = [sys.executable, "-c", READ_ONLY, str(folder), source]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


async def test_writers_side_by_side_leave_one_whole_file(world: World) -> None:
    texts = [letter * 20_000 for letter in "abcdefgh"]
    calls = [world.door.call(world.request("file.write", {"path": "t", "text": t})) for t in texts]
    await asyncio.gather(*calls)
    assert list(world.on_disk()) == ["t"]
    assert world.on_disk()["t"].decode() in texts
