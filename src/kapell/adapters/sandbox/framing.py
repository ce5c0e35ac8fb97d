"""What goes into a sandbox and comes out: a header in JSON, then the bytes of files.

What comes out is a stranger's: every length, name and value in it is checked.
"""

import math
from collections.abc import Mapping
from typing import cast

import msgspec

from kapell.adapters.sandbox.contained import Ended
from kapell.adapters.sandbox.problems import broken
from kapell.kit.json import Json, encode
from kapell.services.sandbox.ports import Limit, Outcome, Program

LENGTH = 8
LONGEST_HEADER = 32 * 1024 * 1024
SLACK = 1024 * 1024
"""Bytes a report may have beside its header and the files it is allowed."""


class _Report(msgspec.Struct, frozen=True):
    """The header of what comes out."""

    exit: int
    names: tuple[str, ...]
    left: tuple[str, ...]
    files: tuple[tuple[str, int], ...]
    value: str = ""
    fault: str = ""
    limit: Limit | None = None


class _Told(msgspec.Struct, frozen=True):
    """What the program's own side wrote about its value."""

    result: msgspec.Raw = msgspec.Raw(b"null")
    fault: str = ""
    limit: Limit | None = None


def sent_in(program: Program, more: Mapping[str, Json]) -> list[bytes]:
    """Return what is sent in, piece by piece."""
    files = [(name, data) for name, data in sorted(program.files.items())]
    header = encode(
        {
            "language": program.language,
            "source": program.source,
            "input": program.input,
            "files": [[name, len(data)] for name, data in files],
            **more,
        }
    )
    return [len(header).to_bytes(LENGTH, "big"), header, *(data for _, data in files)]


def held(program: Program, own: int = 0) -> dict[str, Json]:
    """Return the limits of each process; ``own`` are processes that are not the program's."""
    limits = program.limits
    found: dict[str, Json] = {
        "CPU": math.ceil(limits.seconds) + 1,
        "NPROC": limits.processes + own,
        "FSIZE": limits.disk,
        "NOFILE": 256,
        "CORE": 0,
    }
    if program.language == "python":
        # Node and what a shell may start reserve far more addresses than they use.
        found["AS"] = limits.memory
    return found


def flags(program: Program) -> list[str]:
    """Return what Node is told of the memory it has."""
    return [f"--max-old-space-size={max(program.limits.memory // 2**20 - 32, 32)}"]


def most(program: Program) -> int:
    """Return how many bytes a report may have."""
    return LONGEST_HEADER + program.limits.disk + SLACK


def judged(name: str, program: Program, ended: Ended) -> Outcome:
    """Return what came of a program; one that ended without a report was ended, or is broken.

    Raises:
        Unavailable: ``sandbox_broken``.
    """
    if ended.limit is not None:
        return Outcome(
            backend=name,
            exit=ended.exit,
            stdout=ended.stdout,
            stderr=ended.stderr,
            seconds=ended.seconds,
            limit=ended.limit,
        )
    if not ended.report:
        said = " ".join(ended.stderr.split())[-300:]
        raise broken(name, f"it ended with {ended.exit} and said {said!r}")
    told = _outcome_of(name, program, ended.report)
    return msgspec.structs.replace(
        told, stdout=ended.stdout, stderr=ended.stderr, seconds=ended.seconds
    )


def _outcome_of(name: str, program: Program, report: bytes) -> Outcome:
    """Return what a report tells.

    Raises:
        Unavailable: ``sandbox_broken`` when it is none.
    """
    size = int.from_bytes(report[:LENGTH], "big")
    if len(report) < LENGTH or size > len(report) - LENGTH:
        raise broken(name, "its report is cut off")
    try:
        told = msgspec.json.decode(report[LENGTH : LENGTH + size], type=_Report)
        value = msgspec.json.decode(told.value or "{}", type=_Told)
        result = cast("Json", msgspec.json.decode(value.result))
        fault = told.fault or value.fault
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise broken(name, "its report cannot be read") from None
    limit = told.limit or value.limit
    changed: dict[str, bytes] = {}
    at = LENGTH + size
    if limit is None:
        for path, length in told.files:
            data = report[at : at + length]
            if length < 0 or len(data) != length:
                raise broken(name, "its report is cut off")
            at += length
            changed[path] = data
    kept = set(told.names)
    return Outcome(
        backend=name,
        exit=told.exit,
        result=result if not fault and limit is None else None,
        changed=changed,
        removed=() if limit else tuple(sorted(set(program.files) - kept)),
        left_out=told.left,
        limit=limit,
        fault=fault,
    )
