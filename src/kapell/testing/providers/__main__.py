"""The loopback provider as a process: prints its URL on one line, then serves until it is ended."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from kapell.testing.providers.server import LoopbackProvider


def main() -> None:
    """Run until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m kapell.testing.providers", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--log", type=Path, help="file that gets one JSON line per request")
    options = parser.parse_args()
    asyncio.run(_serve(options.port, options.log))


async def _serve(port: int, log: Path | None) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with LoopbackProvider(log=log, port=port) as provider:
        sys.stdout.write(f"{provider.url}\n")
        sys.stdout.flush()
        await ended.wait()


if __name__ == "__main__":
    main()
