"""The tools that run programs: what they report, and what a sandbox that lies cannot reach."""

from pathlib import Path

import pytest

from kapell.adapters.sandbox.embedded.sandbox import Monty
from kapell.adapters.sandbox.engines.sandbox import SqlSandbox
from kapell.adapters.tools.files.folder import LocalRunFolder
from kapell.adapters.tools.registry import builtin_tools
from kapell.kit.errors import Invalid
from kapell.services.sandbox.choosing import Sandboxes
from kapell.services.sandbox.ports import (
    Outcome,
    Program,
    Readiness,
    Sandbox,
    SandboxLimits,
)
from kapell.services.tools.executor import ToolExecutor
from tests.fixtures.sandboxes import bubblewrap_for
from tests.integration.tools.world import World


class Liar:
    """A sandbox that says what it likes."""

    name = "liar"

    def __init__(self, execution: Outcome) -> None:
        self._outcome_of = execution
        self.asked: list[Program] = []

    async def readiness(self) -> Readiness:
        return Readiness(ok=True, detail="", languages=("python", "shell", "sql", "javascript"))

    def takes(self, program: Program) -> bool:
        return True

    async def run(self, program: Program) -> Outcome:
        self.asked.append(program)
        return self._outcome_of

    async def close(self) -> None:
        pass


def _below(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob("*")]


def use(world: World, *sandboxes: Sandbox, limits: SandboxLimits | None = None) -> None:
    """Give the world's door these sandboxes."""
    apart = Sandboxes(sandboxes, limits=limits)
    tools = builtin_tools(world.options, apart)
    world.door = ToolExecutor(tools, world.blobs, LocalRunFolder())


@pytest.mark.requirement("TL-02", "TL-06")
async def test_files_that_a_stranger_names_stay_in_the_folder(world: World, tmp_path: Path) -> None:
    outside = ("../evil", "../../evil", "/tmp/evil", "a/../../evil", "x\x00y", "", ".", "a" * 300)  # noqa: S108 - refused
    changed = {**dict.fromkeys(outside, b"evil"), "good/a.txt": b"good"}
    use(world, Liar(Outcome(backend="liar", exit=0, changed=changed)))
    report = await world.call("shell.run", command="x")
    assert report["files"] == ["good/a.txt"]
    assert report["left_out"] == [name.replace("\x00", "\ufffd") for name in outside]
    assert world.on_disk() == {"good/a.txt": b"good"}
    assert [name for name in _below(tmp_path) if "evil" in name] == []


async def test_a_file_may_take_the_place_of_a_folder_and_the_other_way_round(world: World) -> None:
    await world.call("file.write", path="a/b/c.txt", text="1")
    await world.call("file.write", path="d", text="1")
    made = Outcome(
        backend="liar", exit=0, changed={"a": b"2", "d/e": b"2"}, removed=("a/b/c.txt", "d")
    )
    use(world, Liar(made))
    report = await world.call("shell.run", command="x")
    assert report["removed"] == ["a/b/c.txt", "d"]
    assert world.on_disk() == {"a": b"2", "d/e": b"2"}


async def test_what_did_not_change_is_no_change(world: World) -> None:
    await world.call("file.write", path="a", text="1")
    use(world, Liar(Outcome(backend="liar", exit=0, changed={"a": b"1"})))
    result = await world.result("shell.run", {"command": "touch a"})
    assert result.files == ()


async def test_the_folder_goes_in_by_its_log_and_has_an_end(world: World) -> None:
    await world.call("file.write", path="in/a", text="1" * 2000)
    (world.folder / "stray").write_text("not in the log")
    liar = Liar(Outcome(backend="liar", exit=0))
    use(world, liar)
    await world.call("code.run", language="python", source="1", input={"n": 1}, timeout=3)
    (program,) = liar.asked
    assert dict(program.files) == {"in/a": b"1" * 2000}
    assert program.limits.seconds == 3
    # A program ends before its call does, so that what it wrote can be brought back.
    await world.call("shell.run", command="x", timeout=1000)
    assert liar.asked[-1].limits.seconds == 27
    use(world, liar, limits=SandboxLimits(disk=1000))
    refused = await world.refused("shell.run", command="x")
    assert refused.code == "sandbox_folder_too_large"


@pytest.mark.requirement("TL-02")
async def test_a_report_tells_all_and_a_failure_too(world: World) -> None:
    use(world, Monty(), SqlSandbox("sqlite"))
    report = await world.call("code.run", language="python", source="print(1)\n2 + input", input=3)
    assert (report["ok"], report["result"], report["stdout"]) == (True, 5, "1\n")
    assert (report["backend"], report["limit"], report["exit"]) == ("monty", None, 0)
    report = await world.call("code.run", language="python", source="1 / 0")
    assert report["ok"] is False
    assert "ZeroDivisionError" in str(report["stderr"])
    report = await world.call("code.run", language="sql", source="SELECT $n AS n", input={"n": 7})
    assert report["result"] == [{"n": 7}]


async def test_a_value_alone_fails_with_its_program(world: World) -> None:
    use(world, Monty())
    args = {"language": "python", "returns": "result"}
    assert (await world.result("code.run", {**args, "source": "[1, 2]"})).output == [1, 2]
    with pytest.raises(Invalid, match="ZeroDivisionError") as caught:
        await world.result("code.run", {**args, "source": "1 / 0"})
    assert caught.value.code == "program_failed"


@pytest.mark.requirement("TL-01", "TL-02")
async def test_a_command_line_works_in_the_folder(world: World) -> None:
    use(world, await bubblewrap_for("shell"))
    await world.call("file.write", path="in.txt", text="one\ntwo\n")
    report = await world.call("shell.run", command="wc -l < in.txt > out.txt; echo done; exit 3")
    assert (report["ok"], report["exit"], report["stdout"]) == (False, 3, "done\n")
    assert world.on_disk()["out.txt"].strip() == b"2"
    refused = await world.refused("shell.run", command="echo why >&2; exit 3", check=True)
    assert refused.code == "program_failed"
    assert "why" in refused.message


async def test_packages_are_seen_with_what_they_need(world: World) -> None:
    apart = await bubblewrap_for("python")
    tools = builtin_tools(world.options, Sandboxes((apart,), packages=["jinja2", "nothing-such"]))
    world.door = ToolExecutor(tools, world.blobs, LocalRunFolder())
    args = {"language": "python", "returns": "result"}
    source = "import jinja2\njinja2.Template('{{ n + 1 }}').render(n=2)"
    given = await world.result("code.run", {**args, "source": source, "packages": ["Jinja2"]})
    assert given.output == "3"
    unseen = await world.refused("code.run", **args, source="import msgspec", packages=["jinja2"])
    assert "ModuleNotFoundError" in unseen.message
    for package in ("msgspec", "nothing-such"):
        refused = await world.refused("code.run", **args, source="1", packages=[package])
        assert refused.code == "sandbox_package_denied"
