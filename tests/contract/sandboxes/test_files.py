"""Files go into a sandbox and come out of it, and nothing that a stranger hid among them."""

import pytest

from kapell.kit.json import Json
from kapell.services.sandbox.ports import Language, SandboxLimits
from tests.contract.sandboxes.conftest import Place, made

pytestmark = pytest.mark.slow

CHANGE: dict[Language, str] = {
    "python": (
        "import os\n"
        "text = open('in/a.txt').read()\n"
        "os.makedirs('out/deep')\n"
        "open('out/deep/b.txt', 'w').write(text.upper())\n"
        "open('same.txt', 'r+').write('same')\n"
        "os.remove('gone.txt')\n"
        "os.symlink('/etc/passwd', 'link')\n"
        "os.symlink('/', 'out/root')\n"
        "os.mkfifo('pipe')\n"
        "open(b'bad-\\xff', 'w').close()\n"
    ),
    "javascript": (
        "const fs = require('fs');\n"
        "const text = fs.readFileSync('in/a.txt', 'utf8');\n"
        "fs.mkdirSync('out/deep', {recursive: true});\n"
        "fs.writeFileSync('out/deep/b.txt', text.toUpperCase());\n"
        "fs.writeFileSync('same.txt', 'same');\n"
        "fs.unlinkSync('gone.txt');\n"
        "fs.symlinkSync('/etc/passwd', 'link');\n"
        "fs.symlinkSync('/', 'out/root');\n"
        "fs.symlinkSync('/', 'pipe');\n"
        "fs.writeFileSync(Buffer.from([98, 97, 100, 45, 255]), '');\n"
    ),
    "shell": (
        "mkdir -p out/deep && tr a-z A-Z < in/a.txt > out/deep/b.txt && printf same > same.txt && "
        "rm gone.txt && ln -s /etc/passwd link && ln -s / out/root && mkfifo pipe && "
        ": > \"$(printf 'bad-\\377')\""
    ),
}
GIVEN = {
    "in/a.txt": b"hello",
    "same.txt": b"same",
    "gone.txt": b"x",
    "tool.sh": b"#!/bin/sh\necho ran\n",
}


@pytest.fixture(params=list(CHANGE))
async def filing(request: pytest.FixtureRequest) -> Place:
    """Return bubblewrap with each language that has files."""
    return Place(await made("bubblewrap", request.param), request.param)


@pytest.fixture
async def shell() -> Place:
    """Return bubblewrap with command lines, in which some things are said once for all."""
    return Place(await made("bubblewrap", "shell"), "shell")


@pytest.mark.requirement("TL-01")
async def test_changes_come_back_and_links_do_not(filing: Place) -> None:
    execution = await filing.run(CHANGE[filing.language], files=GIVEN)
    assert execution.ok, execution
    changed = dict(execution.changed)
    assert changed.pop("same.txt", b"same") == b"same"
    assert changed == {"out/deep/b.txt": b"HELLO"}
    assert execution.removed == ("gone.txt",)
    assert sorted(execution.left_out) == ["bad-?", "link", "out/root", "pipe"]


async def test_scripts_may_be_run_and_folders_without_rights_are_looked_into(
    shell: Place,
) -> None:
    execution = await shell.run("./tool.sh; mkdir d; echo x > d/f; chmod 0 d/f d", files=GIVEN)
    assert execution.stdout == "ran\n"
    assert dict(execution.changed) == {"d/f": b"x\n"}


async def test_what_a_program_ended_by_a_limit_wrote_is_not_taken(shell: Place) -> None:
    limits = SandboxLimits(seconds=1)
    execution = await shell.run("echo x > new; sleep 60", files=GIVEN, limits=limits)
    assert execution.limit == "time"
    assert execution.changed == {}
    assert execution.removed == ()


@pytest.mark.requirement("TL-01")
@pytest.mark.parametrize("write", ["/work/x", "/tmp/x"])  # noqa: S108 - the sandbox's own
async def test_disk_has_an_end_and_so_has_the_number_of_files(shell: Place, write: str) -> None:
    limits = SandboxLimits(seconds=20, disk=8 << 20)
    source = f"for n in 1 2 3 4; do dd if=/dev/zero of={write}$n bs=1M count=4; done 2>&1"
    execution = await shell.run(source, limits=limits)
    assert "No space left" in execution.stdout
    assert sum(map(len, execution.changed.values())) <= 8 << 20
    many = await shell.run(
        "i=0; while [ $i -lt 20100 ]; do i=$((i+1)); : > f$i; done", limits=limits
    )
    assert many.limit == "disk"
    assert many.changed == {}


async def test_tables_of_the_folder_are_read_by_duckdb() -> None:
    place = Place(await made("duckdb", "sql"), "sql")
    files = {"sales/q1.csv": b"region,amount\nnorth,10\nsouth,5\nnorth,1.5\n"}
    source = "SELECT region, sum(amount) AS total FROM 'sales/q1.csv' GROUP BY ALL ORDER BY 1"
    execution = await place.run(source, files=files)
    assert execution.result == [
        {"region": "north", "total": 11.5},
        {"region": "south", "total": 5},
    ], execution


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
async def test_lists_of_objects_are_tables(engine: str) -> None:
    place = Place(await made(engine, "sql"), "sql")
    rows: list[Json] = [{"who": "a", "n": 1}, {"who": "b", "n": None}, {"who": "a", "n": 4}]
    source = (
        "CREATE TABLE s AS SELECT who, sum(n) AS n FROM t GROUP BY who; "
        "SELECT * FROM s ORDER BY who"
    )
    execution = await place.run(source, {"t": rows})
    assert execution.result == [{"who": "a", "n": 5}, {"who": "b", "n": None}], execution
