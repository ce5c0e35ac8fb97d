"""The loopback site as a process: prints its URL on one line, then serves until it is ended.

With a command after ``--`` it serves for as long as that runs, and ends as it ended.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from kapell.testing.providers.listening import apart, serve_beside
from kapell.testing.web.site import LoopbackSite, pages_of


def main() -> None:
    """Run until SIGINT or SIGTERM, or until the command has ended."""
    parser = argparse.ArgumentParser(prog="python -m kapell.testing.web", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of .html and .txt files")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    words, command = apart(sys.argv[1:])
    options = parser.parse_args(words)
    sys.exit(asyncio.run(_serve(options.folder, options.port, command)))


async def _serve(folder: Path, port: int, command: Sequence[str]) -> int:
    pages = pages_of(folder)
    robots = pages.pop("/robots.txt", None)
    site = LoopbackSite(pages, robots.body.decode() if robots else None)
    await site.start(port)
    try:
        return await serve_beside(site.url(), command, {})
    finally:
        await site.close()


if __name__ == "__main__":
    main()
