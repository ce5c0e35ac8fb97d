"""A worker dies while a program in a terminal answers: the next one reads the answer."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from kapell.adapters.tools.runtimes.tmux import Tmux
from kapell.bootstrap.app import open_app
from kapell.core.events.run import RunSucceeded
from kapell.core.events.tool import ToolRequested
from tests.fixtures.sandboxes import install
from tests.integration.runs.shop import Shop, until

pytestmark = [pytest.mark.slow, pytest.mark.crash]

PROGRAM = """\
import time
while True:
    line = input("> ")
    with open("heard", "a") as log:
        log.write(line + "\\n")
    time.sleep(3)
    print(line.upper())
"""
AGENT = """---
name: desk
runtime: tmux
tmux:
  command: [{python}, program.py]
  prompt: "> "
---
You answer in capitals.
"""
DIES = """\
import asyncio, sys
from pathlib import Path
from kapell.bootstrap.app import open_app

async def main():
    async with open_app(Path(sys.argv[1])) as app:
        await app.run_until_idle((await app.starter.start("ask", {})).run_id)

asyncio.run(main())
"""


@pytest.mark.requirement("DE-15", "DX-03")
async def test_what_was_sent_by_a_dead_worker_is_answered_and_not_sent_again(
    tmp_path: Path,
) -> None:
    why = install("tmux", "tmux")
    if why:
        pytest.skip(why)
    shop = Shop(tmp_path, f"sqlite:///{tmp_path / 'k.db'}")
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "desk.md").write_text(AGENT.format(python=sys.executable), "utf-8")
    (tmp_path / "program.py").write_text(PROGRAM, "utf-8")
    shop.workflow("ask", "steps:\n  - {id: ask, agent: desk, prompt: hello}\n")
    heard = tmp_path / "heard"
    words = [sys.executable, "-c", DIES, str(tmp_path)]
    try:
        worker = await asyncio.create_subprocess_exec(*words, start_new_session=True)
        await until(heard.exists)
        os.killpg(worker.pid, signal.SIGKILL)
        await worker.wait()
        async with open_app(tmp_path) as app:
            run = (await app.reader.runs(app.tenant))[0].run_id
            await app.run_until_idle(run)
            events = [one.payload for one in await app.histories.events(run)]
            ended = next(one for one in events if isinstance(one, RunSucceeded))
            assert await app.histories.value(ended.output) == "HELLO"
        assert sum(isinstance(one, ToolRequested) for one in events) == 2
        assert heard.read_text("utf-8") == "hello\n"
    finally:
        server = Tmux(str(tmp_path)).server
        await (await asyncio.create_subprocess_exec("tmux", "-L", server, "kill-server")).wait()
