"""One key is one run, whoever asks for it, and from however many processes at once."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process

import pytest

from kapell.testing.crash.tools import EFFECTS, crash_tools
from tests.integration.runs.shop import Shop, output

PROCESSES = 8
ONCE = """
inputs: {n: {type: number}}
steps:
  - {id: once, tool: crash.echo, with: {n: "{{ inputs.n }}"}}
outputs: {n: "{{ steps.once.output.n }}"}
"""


async def ready(shop: Shop, n: int, *, employs: bool) -> Process:
    """Start a process and wait until it has opened the workspace."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.runs.workers.beginning"),
        *(str(shop.folder), json.dumps({"n": n}), "employs" if employs else ""),
        stdin=PIPE,
        stdout=PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def said(process: Process) -> tuple[str, bool]:
    """Return what a process says of its start."""
    out, _ = await process.communicate()
    assert process.returncode == 0
    name, created = json.loads(out)
    return str(name), bool(created)


@pytest.mark.slow
@pytest.mark.requirement("DX-02")
async def test_one_key_from_eight_processes_at_once_is_one_run(any_shop: Shop) -> None:
    """Half of them have a worker, with which the run would be born; the file is made by all."""
    any_shop.workflow("once", ONCE)
    processes = await asyncio.gather(
        *(ready(any_shop, 1, employs=bool(number % 2)) for number in range(PROCESSES))
    )
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"\n")
    answers = await asyncio.gather(*(said(process) for process in processes))
    assert len({run for run, _ in answers}) == 1
    assert [created for _, created in answers].count(True) == 1
    async with any_shop.open(crash_tools()) as app:
        (summary,) = await app.reader.runs(app.tenant)
        assert summary.run_id == answers[0][0]
        assert await output(app, summary.run_id) == {"n": 1}
        seqs = [event.seq for _, event in await app.reader.feed(0)]
        assert seqs == list(range(1, summary.seq + 1))
    effects = (any_shop.folder / EFFECTS).read_text("utf-8").splitlines()
    assert len(effects) == 1
    other = await ready(any_shop, 2, employs=False)
    assert other.stdin is not None
    other.stdin.write(b"\n")
    assert await said(other) == ("key_reused", False)
