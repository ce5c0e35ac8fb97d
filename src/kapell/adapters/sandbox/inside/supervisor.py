"""Runs one program inside the sandbox: takes its files in, starts it, ends it, gives files out.

This module is sent into the sandbox as text and run there by a bare interpreter (``-I -S``), so it
imports the standard library only, and little of it: every import is paid at each start. Whatever it
reports may be forged by the program beside it, and is read as such.

Both streams are a header (its length in eight bytes, then JSON) and the bytes of the files that
the header lists, one after the other.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import stat
import sys

TYPE_CHECKING = False  # asking the typing module would cost more than all the rest here
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO, NoReturn, TypeAlias

    Known: TypeAlias = dict[str, tuple[int, ...]]

WORK = "/work"
PRIVATE = "/run"
MOST_FILES = 20_000
LONGEST_RESULT = 16 * 1024 * 1024

NODE = """
(() => {
  const fs = require("fs"), vm = require("vm");
  const [own, work] = process.argv.slice(-2);
  const job = JSON.parse(fs.readFileSync(own + "/job", "utf8"));
  const tell = (text) => fs.writeFileSync(own + "/result", text);
  globalThis.input = job.input;
  globalThis.require = require("module").createRequire(work + "/");
  const run = async () => {
    const value = await vm.runInThisContext(job.source, { filename: "program.js" });
    let text, fault;
    try {
      text = JSON.stringify(value === undefined ? null : value);
      if (text === undefined) fault = "a " + typeof value + " has no form in JSON";
    } catch (error) { fault = String(error); }
    tell(fault ? JSON.stringify({ fault }) : '{"result":' + text + "}");
  };
  run().catch((error) => { console.error(error); process.exitCode = 1; });
})();
"""


def main() -> None:
    """Carry out the job that comes on stdin and report on the descriptor named."""
    report = int(sys.argv[1])
    if os.access("/proc/self/oom_score_adj", os.W_OK):
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write("1000")
    stream = os.fdopen(0, "rb", closefd=False)
    job = json.loads(stream.read(int.from_bytes(stream.read(8), "big")))
    _settle(job)
    known = take_in(WORK, stream, job["files"])
    status = _wait(_start(job, report))
    _end_all()
    _give_out(report, job.get("mark", ""), _outcome(status), known)


def _settle(job: dict[str, Any]) -> None:
    """Take the folders that the job names, where they are not the usual ones."""
    global WORK, PRIVATE
    WORK, PRIVATE = job.get("work", WORK), job.get("private", PRIVATE)
    os.makedirs(WORK, exist_ok=True)


def take_in(root: str, stream: BinaryIO, listed: list[tuple[str, int]]) -> Known:
    """Put the files that come into the folder; return what tells later whether one changed."""
    known: Known = {}
    for name, size in listed:
        path = root + "/" + name
        data = stream.read(size)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        mode = 0o755 if data.startswith(b"#!") else 0o644
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as target:
            target.write(data)
        known[name] = _mark(os.lstat(path))
    return known


def _mark(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _start(job: dict[str, Any], report: int) -> int:
    return os.fork() or _become(job, report)


def _become(job: dict[str, Any], report: int) -> NoReturn:
    """Be the child: everything of the supervisor's is let go of before the program begins."""
    code = 70
    try:
        if report > 2:
            os.close(report)
        os.setsid()
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.chdir(WORK)
        _limit(job["limits"])
        code = _RUN[job["language"]](job)
    except BaseException as error:
        sys.__excepthook__(type(error), error, error.__traceback__)
    finally:
        os._exit(code)


def _limit(limits: dict[str, int]) -> None:
    for name, value in limits.items():
        kind = getattr(resource, "RLIMIT_" + name)
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(kind, (value, value))


def _python(job: dict[str, Any]) -> int:
    sys.argv = ["program.py"]
    sys.path[:0] = [WORK, *job["paths"]]
    module = type(sys)("__main__")
    sys.modules["__main__"] = module
    names = module.__dict__
    names["input"] = job["input"]
    try:
        value = _evaluate(job["source"], names)
        _tell_value(value)
        code = 0
    except SystemExit as leaving:
        code = _code_of(leaving)
    except BaseException as error:
        _tell_limit(error)
        inner = error.__traceback__
        while inner is not None and inner.tb_frame.f_globals is not names:
            inner = inner.tb_next
        sys.__excepthook__(type(error), error.with_traceback(inner), inner)
        code = 1
    if "threading" in sys.modules:
        sys.modules["threading"]._shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = code or 1
    return code


def _evaluate(source: str, names: dict[str, Any]) -> object:
    only_tree = 0x400
    tree = compile(source, "program.py", "exec", only_tree)
    last: Any = tree.body[-1] if tree.body else None
    if type(last).__name__ != "Expr":
        exec(compile(tree, "program.py", "exec"), names)  # noqa: S102 - that is what a sandbox is for
        return None
    tree.body.pop()
    exec(compile(tree, "program.py", "exec"), names)  # noqa: S102 - as above
    whole = compile("0", "program.py", "eval", only_tree)
    whole.body = last.value
    return eval(compile(whole, "program.py", "eval"), names)  # noqa: S307 - as above


def _code_of(leaving: SystemExit) -> int:
    if leaving.code is None:
        return 0
    if isinstance(leaving.code, int):
        return leaving.code & 0xFF
    sys.stderr.write(str(leaving.code) + "\n")
    return 1


def _tell_value(value: object) -> None:
    try:
        said = {"result": value}
        text = json.dumps(said, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        text = json.dumps({"fault": str(error) or type(error).__name__})
    with open(PRIVATE + "/result", "w") as target:
        target.write(text)


def _tell_limit(error: BaseException) -> None:
    limit = None
    if isinstance(error, MemoryError):
        limit = "memory"
    elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
        limit = "disk"
    elif isinstance(error, BlockingIOError) or "can't start new thread" in str(error):
        limit = "processes"
    if limit:
        if os.path.lexists(PRIVATE + "/result"):
            os.unlink(PRIVATE + "/result")
        with open(PRIVATE + "/result", "w") as target:
            json.dump({"limit": limit}, target)


def _javascript(job: dict[str, Any]) -> NoReturn:
    with open(PRIVATE + "/job", "w") as target:
        json.dump({"source": job["source"], "input": job["input"]}, target)
    os.execv(job["node"], [job["node"], *job["flags"], "-e", NODE, PRIVATE, WORK])  # noqa: S606 - no shell wanted


def _shell(job: dict[str, Any]) -> NoReturn:
    os.execv("/bin/sh", ["/bin/sh", "-c", job["source"]])  # noqa: S606 - the shell is what was asked


_RUN = {"python": _python, "javascript": _javascript, "shell": _shell}


def _wait(child: int) -> int:
    while True:
        pid, status = os.wait()
        if pid == child:
            return status


def _end_all() -> None:
    """End whatever the program left running, so that its files stand still."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def _outcome(status: int) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        told["exit"] = 128 + number
        limits = {int(signal.SIGXCPU): "time", int(signal.SIGXFSZ): "disk"}
        if number in limits:
            told["limit"] = limits[number]
    else:
        told["exit"] = os.WEXITSTATUS(status)
    try:
        descriptor = os.open(PRIVATE + "/result", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return told
    with os.fdopen(descriptor, "rb") as stream:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            data = stream.read(LONGEST_RESULT + 1)
            if len(data) > LONGEST_RESULT:
                told["fault"] = f"it is longer than {LONGEST_RESULT} bytes"
            else:
                told["value"] = data.decode("utf-8", "replace")
    return told


def _give_out(report: int, mark: str, told: dict[str, Any], known: Known) -> None:
    changed: list[tuple[str, int]] = []
    names: set[str] = set()
    left: list[str] = []
    for short, found in _found():
        fit = short.encode("utf-8", "replace")
        if not stat.S_ISREG(found.st_mode) or fit != os.fsencode(short):
            left.append(fit.decode())
            continue
        names.add(short)
        if known.get(short) != _mark(found):
            changed.append((short, found.st_size))
        if len(names) > MOST_FILES:
            told["limit"] = "disk"
            changed = []
            break
    told["names"] = [name for name in known if name in names]
    told["left"] = left[:100]
    told["files"] = changed
    header = json.dumps(told).encode()
    with os.fdopen(report, "wb") as target:
        target.write(mark.encode() + len(header).to_bytes(8, "big") + header)
        for short, size in changed:
            _copy(short, size, target)


def _found() -> Iterator[tuple[str, os.stat_result]]:
    """Yield everything that lies in the folder and is no folder itself."""
    open_folders = [""]
    while open_folders:
        prefix = open_folders.pop()
        os.chmod(WORK + "/" + prefix, 0o700)
        for name in os.listdir(WORK + "/" + prefix):
            found = os.lstat(WORK + "/" + prefix + name)
            if stat.S_ISDIR(found.st_mode):
                open_folders.append(prefix + name + "/")
            else:
                yield prefix + name, found


def _copy(short: str, size: int, target: BinaryIO) -> None:
    os.chmod(WORK + "/" + short, 0o600)
    with open(WORK + "/" + short, "rb") as source:
        while size:
            data = source.read(min(size, 1 << 20))
            if not data:
                target.write(b"\0" * size)
                return
            size -= len(data)
            target.write(data)


if __name__ == "__main__":
    main()
