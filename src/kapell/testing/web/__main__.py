"""The loopback site as a process: prints its URL on one line, then serves until it is ended.

With a command after ``--`` it serves for as long as that runs, and ends as it ended.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from kapell.testing.web.site import LoopbackSite, pages_of


def main() -> None:
    """Run until SIGINT or SIGTERM, or until the command has ended."""
    parser = argparse.ArgumentParser(prog="python -m kapell.testing.web", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of .html and .txt files")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    words = sys.argv[1:]
    at = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:at])
    sys.exit(asyncio.run(_serve(options.folder, options.port, words[at + 1 :])))


async def _serve(folder: Path, port: int, command: Sequence[str]) -> int:
    pages = pages_of(folder)
    robots = pages.pop("/robots.txt", None)
    site = LoopbackSite(pages, robots.body.decode() if robots else None)
    await site.start(port)
    try:
        if command:
            process = await asyncio.create_subprocess_exec(*command)
            return await process.wait()
        sys.stdout.write(f"{site.url()}\n")
        sys.stdout.flush()
        await _ended()
        return 0
    finally:
        await site.close()


async def _ended() -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()


if __name__ == "__main__":
    main()
