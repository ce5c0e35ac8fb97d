"""The tools ``code.run`` and ``shell.run``."""

from collections.abc import Mapping

import msgspec

from kapell.adapters.tools.files.tools import arguments
from kapell.adapters.tools.programs.exchange import taken_back, taken_in
from kapell.adapters.tools.programs.specs import CODE_RUN, SHELL_RUN
from kapell.adapters.tools.threads import in_thread
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Invalid
from kapell.kit.json import Json
from kapell.services.sandbox.choosing import Sandboxes
from kapell.services.sandbox.ports import Language, Outcome, Program, SandboxLimits
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult

_TOLD = 2000
_MARGIN = 0.9
"""Of the time a call has, what the program may take: the rest is for bringing files in and out."""


class _Programs:
    """What the two tools have in common."""

    def __init__(self, sandboxes: Sandboxes) -> None:
        self._limits = sandboxes.limits
        self._sandboxes = sandboxes

    async def _run(
        self, call: ToolCall, language: Language, source: str
    ) -> tuple[Program, Outcome]:
        args = arguments(call)
        limits = self._within(call, args.get("timeout"))
        packages = args.get("packages")
        program = Program(
            language=language,
            source=source,
            input=args.get("input"),
            files=await in_thread(lambda stop: taken_in(call, limits.disk, stop)),
            packages=tuple(map(str, packages)) if isinstance(packages, list | tuple) else (),
            limits=limits,
        )
        return program, await self._sandboxes.run(program, label=f"{call.run_id} {call.call}")

    def _within(self, call: ToolCall, asked: Json) -> SandboxLimits:
        seconds = float(asked) if isinstance(asked, int | float) else self._limits.seconds
        if call.timeout is not None:
            seconds = min(seconds, call.timeout * _MARGIN)
        return msgspec.structs.replace(self._limits, seconds=seconds)

    async def _result(
        self,
        call: ToolCall,
        program: Program,
        outcome: Outcome,
        output: Mapping[str, Json] | None,
    ) -> ToolResult:
        """Return the result, with the files taken over; ``output`` None stands for the value."""
        notes = _notes(program, outcome)
        changes, blobs, refused = await in_thread(
            lambda stop: taken_back(call, outcome.changed, outcome.removed, stop)
        )
        if output is None:
            return ToolResult(output=outcome.result, files=changes, blobs=blobs, notes=notes)
        told = {
            **output,
            "files": [one.path for one in changes if one.digest is not None],
            "removed": [one.path for one in changes if one.digest is None],
            "left_out": [_shown(name) for name in (*outcome.left_out, *refused)],
        }
        return ToolResult(output=told, files=changes, blobs=blobs, notes=notes)


class CodeRun(_Programs):
    """``code.run``: a small program."""

    spec: ToolSpec = CODE_RUN

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return the report, or the value alone."""
        args = arguments(call)
        language = msgspec.convert(args["language"], Language)
        program, outcome = await self._run(call, language, str(args["source"]))
        if args.get("returns") == "result":
            _check(program, outcome)
            return await self._result(call, program, outcome, None)
        report = {**_report(outcome), "result": outcome.result}
        return await self._result(call, program, outcome, report)


class ShellRun(_Programs):
    """``shell.run``: a command line."""

    spec: ToolSpec = SHELL_RUN

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return the report."""
        args = arguments(call)
        program, outcome = await self._run(call, "shell", str(args["command"]))
        if args.get("check"):
            _check(program, outcome)
        return await self._result(call, program, outcome, _report(outcome))


def _report(outcome: Outcome) -> dict[str, Json]:
    return {
        "ok": outcome.ok,
        "exit": outcome.exit,
        "stdout": _shown(outcome.stdout),
        "stderr": _shown(outcome.stderr + _fault(outcome)),
        "limit": outcome.limit,
        "backend": outcome.backend,
        "seconds": round(outcome.seconds, 6),
    }


def _notes(program: Program, outcome: Outcome) -> dict[str, Json]:
    """Return what an audit asks: where it ran, for how long, within which limits."""
    limits = program.limits
    return {
        "language": program.language,
        "backend": outcome.backend,
        "exit": outcome.exit,
        "limit": outcome.limit,
        "seconds": round(outcome.seconds, 6),
        "limits": {
            "seconds": limits.seconds,
            "memory": limits.memory,
            "processes": limits.processes,
            "output": limits.output,
            "disk": limits.disk,
        },
    }


def _shown(text: str) -> str:
    """Return a text as results can hold it: a NUL is replaced."""
    return text.replace("\x00", "\ufffd")


def _fault(outcome: Outcome) -> str:
    return f"The result cannot be kept: {outcome.fault}\n" if outcome.fault else ""


def _check(program: Program, outcome: Outcome) -> None:
    """Accept a program that ended well.

    Raises:
        Invalid: ``program_limit``, ``program_result``, ``program_failed``.
    """
    if outcome.ok:
        return
    where = f"in {outcome.backend}, after {outcome.seconds:.2f} s"
    if outcome.limit is not None:
        raise Invalid(
            f"The program was ended {where}: it used up its {_amount(program, outcome.limit)}.",
            code="program_limit",
            advice="Give it less to do at once, or more: `timeout`, or `tools.sandbox` in "
            "kapell.yaml.",
        )
    if outcome.fault:
        raise Invalid(
            f"The value of the program cannot be kept: {outcome.fault[:_TOLD]}.",
            code="program_result",
            advice="End it with text, numbers, booleans, null, lists or objects with text keys.",
        )
    said = (outcome.stderr or outcome.stdout).strip()[-_TOLD:]
    raise Invalid(
        f"The program failed {where} with exit {outcome.exit}: {_shown(said)}",
        code="program_failed",
        advice="Correct the program; `code.run` with `returns: report` gives all that it wrote.",
    )


def _amount(program: Program, limit: str) -> str:
    limits = program.limits
    amounts = {
        "time": f"time of {limits.seconds:g} s",
        "memory": f"memory of {limits.memory:,} bytes",
        "processes": f"{limits.processes} processes",
        "output": f"output of {limits.output:,} bytes",
        "disk": f"disk of {limits.disk:,} bytes",
    }
    return amounts[limit]
