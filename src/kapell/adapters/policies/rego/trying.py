"""Tries policies in a child process before this one compiles them.

The interpreter is a native library: what it does not survive, or never comes to an end with, takes
its process along. What went well once is not tried again, by this process or by a later one.
"""

import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import msgspec

import kapell
from kapell.adapters.policies.rego.trial import Step, Task
from kapell.core.definitions.problems import Problem
from kapell.core.policies.kinds import DEFAULT, LISTS
from kapell.core.policies.linting.linter import entries
from kapell.core.policies.linting.modules import read_module
from kapell.core.policies.trials.typical import ARGS, TYPICAL
from kapell.kit.errors import Place
from kapell.services.policies.ports import Sources

COMMAND = (sys.executable, "-P", "-B", "-m", "kapell.adapters.policies.rego.trial")
PATIENCE = 20.0
"""Seconds a trial may last, however busy the machine is."""
COMPUTING = 5
"""Seconds of computing a trial may take; an ordinary one takes a tenth."""
_FILE = "policies-tried.json"
_KEPT = 50
_LIBRARY = "library/"
_BUILT_IN = (f"{DEFAULT}.", f"{LISTS}.")


class Trials:
    """Tries policies, and keeps which ones went well.

    Args:
        state: The folder of the workspace's state; None: they are kept in memory only.
        command: What carries out a trial: it reads a task, and writes its steps.
        patience: Seconds it may last.
    """

    def __init__(
        self,
        state: Path | None,
        command: tuple[str, ...] = COMMAND,
        patience: float = PATIENCE,
    ) -> None:
        self._place = None if state is None else state / _FILE
        self._command = command
        self._patience = patience
        self._passed: tuple[str, ...] = ()
        self._broken: tuple[str, tuple[Problem, ...]] = ("", ())

    def problems(self, sources: Sources) -> tuple[Problem, ...]:
        """Return what a trial of modules finds that no look at them shows; empty: they are safe.

        What is no Rego is not told here, for it does no harm to compile it.
        """
        task = _task(sources)
        key = _key(task)
        if key in self._passed or key in self._read():
            return ()
        if key == self._broken[0]:
            return self._broken[1]
        ended = self._ended(task)
        if ended.steps and ended.steps[-1].doing == "refused":
            return ()
        found = _told(ended, sources)
        if not found:
            self._keep(key)
        elif not ended.was_slow:
            self._broken = (key, found)
        return found

    def _ended(self, task: Task) -> "_Ended":
        try:
            ended = subprocess.run(  # noqa: S603 - our own program
                self._command,
                input=msgspec.json.encode(task),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=self._patience,
                env={"PYTHONPATH": str(Path(kapell.__file__).parents[1])},
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            return _Ended(_steps(error.stdout or b""), 0, was_slow=True)
        except OSError as error:
            return _Ended((), 0, why=f"no process could be started ({error.strerror})")
        return _Ended(_steps(ended.stdout), ended.returncode)

    def _read(self) -> tuple[str, ...]:
        if self._place is None:
            return ()
        try:
            return msgspec.json.decode(self._place.read_bytes(), type=tuple[str, ...])
        except (OSError, msgspec.MsgspecError):
            return ()

    def _keep(self, key: str) -> None:
        self._passed = (key, *self._passed)[:_KEPT]
        if self._place is not None:
            kept = dict.fromkeys((key, *self._read()))
            # Half a list is read as none, and its policies are tried once more.
            with suppress(OSError):
                self._place.parent.mkdir(parents=True, exist_ok=True)
                self._place.write_bytes(msgspec.json.encode(tuple(kept)[:_KEPT]))


class _Ended(NamedTuple):
    """How a trial ended: the steps it told, its exit code, whether it was out of patience."""

    steps: tuple[Step, ...]
    code: int
    was_slow: bool = False
    why: str = ""


def _task(sources: Sources) -> Task:
    asked = entries(sources)
    questions = {
        package: [msgspec.to_builtins(one) for one in TYPICAL[package]] for package in asked
    }
    others = {
        package: [{**one, "args": ARGS} for one in documents if "args" in one]
        for package, documents in questions.items()
    }
    return Task(sources, asked, questions, others, COMPUTING)


def _key(task: Task) -> str:
    """Return the digest of all that a trial depends on."""
    described = (task, version("regopy"), sys.version, sys.platform)
    return blake2b(msgspec.json.encode(described, order="sorted"), digest_size=16).hexdigest()


def _steps(data: bytes) -> tuple[Step, ...]:
    found = []
    for line in data.splitlines():
        with suppress(msgspec.MsgspecError):
            found.append(msgspec.json.decode(line, type=Step))
    return tuple(found)


def _told(ended: _Ended, sources: Sources) -> tuple[Problem, ...]:
    last = ended.steps[-1] if ended.steps else Step("start")
    if last.doing == "passed" and ended.code == 0:
        failed = dict.fromkeys(one.rule for one in ended.steps if one.doing == "failed")
        own = [one for one in failed if not one.startswith(_BUILT_IN)]
        return tuple(_failing(rule, sources) for rule in own or failed)
    place, doing = _place(last, sources), _DOING.get(last.doing, "The trial of the policies")
    what = doing.format(file=last.file, rule=last.rule)
    if ended.was_slow or ended.code == -signal.SIGXCPU or ended.code == -signal.SIGKILL:
        return (
            Problem(
                code="policy_endless",
                message=f"{what} does not finish.",
                place=place,
                advice="Take the last change back; sets in sets and long loops are what it takes.",
            ),
        )
    why = ended.why or _why(ended.code)
    return (
        Problem(
            code="policy_crash",
            message=f"{what} ends the interpreter: {why}.",
            place=place,
            advice="Take the last change back, and write it in another way, bit by bit.",
        ),
    )


_DOING: Mapping[str, str] = {
    "read": "Reading {file}",
    "compile": "Compiling the policies together",
    "ask": "Asking `{rule}` about an ordinary call",
    "failed": "Asking `{rule}` about an ordinary call",
}


def _why(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _failing(rule: str, sources: Sources) -> Problem:
    return Problem(
        code="policy_fails",
        message=f"`{rule}` fails on an ordinary call, so every such call would be denied.",
        place=_place(Step("ask", rule=rule), sources),
        advice="Look for a function that is given a value of the wrong type, a division by 0, or "
        "a value that two rules define.",
    )


def _place(step: Step, sources: Sources) -> Place:
    """Return where to begin to look: the file, or the first rule of that name in one."""
    own = [path for path in sorted(sources) if not path.startswith(_LIBRARY)]
    package, _, name = step.rule.rpartition(".")
    for path in own if step.rule else ():
        module = read_module(path, sources[path])
        for rule in module.rules if module.package == package else ():
            if rule.name.text == name:
                return rule.name.place(path)
    return Place(file=step.file or next(iter(own), "policies"), line=1, column=1)
