"""The loopback provider as a process of its own: found by its URL, counted from outside."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from kapell.adapters.llm.factories import factories
from kapell.adapters.llm.settings import ProviderSettings
from kapell.core.gateway.providers import PROVIDERS
from kapell.kit.errors import KapellError
from kapell.services.gateway.door import Gateway
from kapell.testing.providers.record import counted, read
from kapell.testing.providers.server import environment
from tests.contract.models.conftest import asked


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kapell.testing.providers", "--log", str(tmp_path / "log.jsonl"),
        stdout=asyncio.subprocess.PIPE, env=dict(os.environ),
    )  # fmt: skip
    assert process.stdout is not None
    yield (await process.stdout.readline()).decode().strip()
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0


async def test_it_is_reached_by_its_environment_and_leaves_a_record(
    url: str, tmp_path: Path
) -> None:
    variables = environment(url)
    openai = PROVIDERS["openai"]
    settings = ProviderSettings(
        base_url=variables[openai.base_url_name],
        api_key=SecretStr(variables[openai.key_names[0]]),
    )
    gateway = Gateway(factories({"openai": settings}))
    async with httpx.AsyncClient(base_url=url) as control:
        spoil = {"kind": "server_error", "key": "b*", "times": 1}
        (await control.post("/control/faults", json=spoil)).raise_for_status()
        assert (await gateway.complete(asked("openai:gpt-5-mini", key="a"))).text
        with pytest.raises(KapellError, match="HTTP 500"):
            await gateway.complete(asked("openai:gpt-5-mini", key="b"))
        await gateway.complete(asked("openai:gpt-5-mini", key="b"))
        counts = (await control.get("/control/counts")).json()
    await gateway.close()
    assert counts == {"received": {"a": 1, "b": 2}, "answered": {"a": 1, "b": 1}}
    entries = read(tmp_path / "log.jsonl")
    assert counted(entries, "received") == {"a": 1, "b": 2}
    assert counted(entries, "answered") == {"a": 1, "b": 1}
    assert [entry.fault for entry in entries if entry.what == "spoiled"] == ["server_error"]


@pytest.mark.slow
async def test_asking_a_vendor_imports_its_sdk_off_the_event_loop_and_offline_never_does() -> None:
    program = """
import asyncio, sys, time
from kapell.adapters.llm.factories import factories
from kapell.adapters.llm.settings import ProviderSettings
from kapell.core.gateway.calls import Message, ModelRequest
from kapell.services.gateway.door import Gateway

async def main():
    gateway = Gateway(factories({"ollama": ProviderSettings(base_url="http://127.0.0.1:9")}))
    await gateway.complete(ModelRequest(model="offline", messages=(Message("user", "hi"),)))
    assert "pydantic_ai" not in sys.modules and "openai" not in sys.modules
    ticks = 0
    warming = asyncio.create_task(gateway.warm("ollama:llama3.2"))
    while not warming.done():
        await asyncio.sleep(0.01)
        ticks += 1
    await warming
    assert "pydantic_ai" in sys.modules
    print(ticks)

asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    assert int(said) > 5
