"""The fork server: everything imported, no loop and no thread, so that forking is safe and quick.

Its arguments: the function that carries a mission out (``module:function``), and what to import.
"""

import importlib
import os
import signal
import sys
import traceback
from collections.abc import Callable

import msgspec

from kapell.testing.crash.mission import Mission
from kapell.testing.crash.server import Answer


class Request(msgspec.Struct):
    """Start a mission, or wait for a process."""

    start: Mission | None = None
    wait: int = 0


def main() -> None:
    """Serve until the input ends."""
    program, *preloaded = sys.argv[1:]
    for name in preloaded:
        importlib.import_module(name)
    module, _, function = program.partition(":")
    work = getattr(importlib.import_module(module), function)
    alive: set[int] = set()
    for line in sys.stdin.buffer:
        request = msgspec.json.decode(line, type=Request)
        if request.start is not None:
            answer = Answer(pid=_fork(work, request.start))
            alive.add(answer.pid)
        else:
            answer = _ended(request.wait)
            alive.discard(request.wait)
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()
    for pid in alive:  # a test that failed leaves them; they would work for ever
        os.kill(pid, signal.SIGKILL)
        _ended(pid)


def _fork(work: Callable[[Mission], None], mission: Mission) -> int:
    # Held back until the worker listens: one asked to leave while it begins would just die of it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        return pid
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    code = 1
    try:
        work(mission)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _ended(pid: int) -> Answer:
    _, status = os.waitpid(pid, 0)
    return Answer(pid=pid, code=os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
