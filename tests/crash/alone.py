"""Advances one run in a process of its own, with the tools of the crash harness."""

import sys

from kapell.testing.crash.tools import crash_tools
from kapell.worker.alone import main

if __name__ == "__main__":
    main(sys.argv[1:], crash_tools())
