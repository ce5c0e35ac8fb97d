"""LiteLLM's proxy on the way to a provider, against the SDK asked directly.

A process of its own with one worker, two deployments and its router; no database, so no budget and
nothing kept: less than ours does.
"""

import asyncio
import json
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import httpx
from agents import KEY, MODEL, asked, wire
from gateways import direct, measure
from openai import AsyncOpenAI

PATIENCE = 90.0


@contextmanager
def proxy(folder: Path, provider: str, key: str) -> Iterator[str]:
    """Yield the address of a running proxy."""
    params = {"model": f"openai/{MODEL}", "api_base": wire(provider), "api_key": KEY}
    config = {
        "model_list": [{"model_name": MODEL, "litellm_params": params}] * 2,
        "general_settings": {"master_key": key},
        "router_settings": {"routing_strategy": "simple-shuffle", "num_retries": 0},
    }
    path = folder / "config.yaml"
    path.write_text(json.dumps(config), "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("litellm")), "--config", str(path)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    with (folder / "proxy.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait(f"http://127.0.0.1:{port}/health/liveliness", process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx.HTTPError):
            httpx.get(url, timeout=1)
            return
        time.sleep(0.2)
    raise RuntimeError("the proxy did not start")


async def main() -> None:
    """Measure pairs of direct calls and calls through the proxy."""
    options = asked()
    key = f"sk-{secrets.token_hex(32)}"
    with proxy(Path(options.folder), options.provider, key) as address:
        bare = AsyncOpenAI(base_url=wire(options.provider), api_key=KEY, max_retries=0)
        proxied = AsyncOpenAI(base_url=address, api_key=key, max_retries=0)
        await measure(lambda: direct(bare), lambda: direct(proxied))


if __name__ == "__main__":
    asyncio.run(main())
