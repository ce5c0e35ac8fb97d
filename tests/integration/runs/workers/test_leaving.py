"""``kapell worker`` asked to leave: once it waits for calls in flight, twice it does not."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from kapell.cli.exits import Exit
from kapell.core.runs.status import RunStatus
from tests.integration.runs.shop import PATIENCE, Shop, started

ASK = 'steps: [{id: a, ask: hello, model: "openai:gpt-4o-mini"}]\n'


@pytest.mark.slow
@pytest.mark.requirement("DX-22", "DX-07")
async def test_a_second_signal_does_not_wait_for_calls_in_flight(shop: Shop) -> None:
    """The call would be waited for longer than this test has patience: nobody answers it."""
    shop.workflow("ask", ASK)
    settings = shop.folder / "kapell.yaml"
    text = settings.read_text("utf-8").replace("drain: 5", f"drain: {10 * PATIENCE}")
    settings.write_text(text, "utf-8")
    async with shop.open() as app:
        run = await started(app, "ask")
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent.settimeout(PATIENCE)
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
            with subprocess.Popen(  # noqa: ASYNC220 - waited for below
                [sys.executable, "-m", "kapell.cli.main", "worker"],
                cwd=shop.folder,
                env={**os.environ, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "sk-nobody-s"},
                stderr=subprocess.PIPE,
                text=True,
            ) as worker:
                connection, _ = silent.accept()
                with connection:
                    assert worker.stderr is not None
                    assert "advances runs" in worker.stderr.readline()
                    worker.send_signal(signal.SIGTERM)
                    assert "calls in flight" in worker.stderr.readline()
                    assert worker.poll() is None, "it waits for the call"
                    assert (await app.reader.run(app.tenant, run)).owner is not None
                    worker.send_signal(signal.SIGTERM)
                    _, err = worker.communicate(timeout=PATIENCE)
        assert worker.returncode == Exit.INTERRUPTED
        assert "Traceback" not in err
        summary = await app.reader.run(app.tenant, run)
        assert (summary.status, summary.owner) == (RunStatus.RUNNING, None)
