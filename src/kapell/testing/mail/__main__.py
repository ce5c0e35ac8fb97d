"""The loopback mail server as a process: every mail it takes becomes a file of a folder.

With a command after ``--`` it serves for as long as that runs, and ends as it ended.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from kapell.testing.mail.server import LoopbackMail
from kapell.testing.providers.listening import apart, serve_beside


def main() -> None:
    """Run until SIGINT or SIGTERM, or until the command has ended."""
    parser = argparse.ArgumentParser(prog="python -m kapell.testing.mail", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder that mails are put into, one file each")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    words, command = apart(sys.argv[1:])
    options = parser.parse_args(words)
    options.folder.mkdir(parents=True, exist_ok=True)
    sys.exit(asyncio.run(_serve(options.folder, options.port, command)))


async def _serve(folder: Path, port: int, command: Sequence[str]) -> int:
    async with LoopbackMail(port=port, keep=folder) as server:
        return await serve_beside(f"smtp://127.0.0.1:{server.port}", command, {})


if __name__ == "__main__":
    main()
