"""Advances one run in a process of its own, with the tools of the crash harness."""

import sys

from kapell.worker.alone import main
from tests.crash.slow import tools

if __name__ == "__main__":
    main(sys.argv[1:], tools())
