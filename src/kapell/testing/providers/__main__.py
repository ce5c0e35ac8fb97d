"""The loopback provider as a process: prints its URL on one line, then serves until it is ended.

With a command after ``--`` it serves for as long as that runs, and ends as it ended; the command's
environment sends every provider to it.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from kapell.kit.errors import KapellError
from kapell.testing.providers.call import Answerer, by_offline_model
from kapell.testing.providers.listening import apart, serve_beside
from kapell.testing.providers.server import LoopbackProvider
from kapell.testing.providers.spoken import by_script


def main() -> None:
    """Run until SIGINT or SIGTERM, or until the command has ended."""
    parser = argparse.ArgumentParser(prog="python -m kapell.testing.providers", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--log", type=Path, help="file that gets one JSON line per request")
    parser.add_argument(
        "--answers", type=Path, help="script to answer from, as scripted:FILE does; else offline"
    )
    words, command = apart(sys.argv[1:])
    options = parser.parse_args(words)
    try:
        answerer = by_script(options.answers) if options.answers else by_offline_model
    except KapellError as error:
        parser.error(f"{error.message} {error.advice}")
    sys.exit(asyncio.run(_serve(answerer, options.log, options.port, command)))


async def _serve(answerer: Answerer, log: Path | None, port: int, command: Sequence[str]) -> int:
    async with LoopbackProvider(answerer, log, port) as provider:
        return await serve_beside(provider.url, command, provider.environment())


if __name__ == "__main__":
    main()
