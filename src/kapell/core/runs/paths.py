"""Paths: the address of every step run, stable however branches, loops and retries interleave.

``step`` · ``step[3]`` item · ``step[3]/inner`` in an item's block · ``step@2/inner`` pass ·
``step.branch/inner`` branch · ``step:case/inner`` case · ``step!undo`` compensation ·
``step!error`` handler · ``…#2`` attempt. Ids hold none of these signs.
"""

import re

ROOT = ""
UNDO = "!undo"
HANDLER = "!error"
PASS = "@"  # noqa: S105 - a pass of a loop

_REPEATS = re.compile(r"\[\d+\]|@\d+")


def step_of(path: str) -> str:
    """Return the address of a step run's step: its path without items and passes."""
    return _REPEATS.sub("", path) if "[" in path or "@" in path else path


def join(scope: str, step_id: str) -> str:
    """Return the path of a step inside a scope."""
    return f"{scope}/{step_id}" if scope else step_id


def item(path: str, index: int) -> str:
    """Return the path of an item of a ``for_each`` step."""
    return f"{path}[{index}]"


def attempt(path: str, number: int) -> str:
    """Return the path of an attempt; the first has no suffix."""
    return path if number <= 1 else f"{path}#{number}"


def call(path: str, attempt_number: int, number: int) -> str:
    """Return the path of a model or tool call."""
    return f"{path}#{attempt_number}/{number}"


def of_call(call_path: str) -> str:
    """Return the path of the step run that made a call."""
    return call_path.rpartition("#")[0]
