"""The loopback site as a process: prints its URL on one line, then serves until it is ended."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from kapell.testing.web.site import LoopbackSite, pages_of


def main() -> None:
    """Run until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m kapell.testing.web", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of .html and .txt files")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options = parser.parse_args()
    asyncio.run(_serve(options.folder, options.port))


async def _serve(folder: Path, port: int) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    pages = pages_of(folder)
    robots = pages.pop("/robots.txt", None)
    site = LoopbackSite(pages, robots.body.decode() if robots else None)
    await site.start(port)
    sys.stdout.write(f"{site.url()}\n")
    sys.stdout.flush()
    try:
        await ended.wait()
    finally:
        await site.close()


if __name__ == "__main__":
    main()
