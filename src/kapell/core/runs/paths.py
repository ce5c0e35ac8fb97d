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

_REPEATS = re.compile(r"\[\d+\]|[@#]\d+")
_NUMBER = re.compile(r"(\d+)")
_TAIL = re.compile(r"[.:@!#]")
_INSIDE = ("/", ".", ":", "@", "!", "[")
"""What follows the path of a step run in those of the step runs it holds."""


def step_of(path: str) -> str:
    """Return the address of a step run's step: its path without items, passes and attempts."""
    return _REPEATS.sub("", path) if "[" in path or "@" in path or "#" in path else path


def order(path: str) -> list[tuple[int, str]]:
    """Return what paths are sorted by: numbers in them count as numbers, so 2 is before 10."""
    return [(int(part) if part.isdecimal() else -1, part) for part in _NUMBER.split(path)]


def attempts_before(path: str, number: int) -> tuple[str, ...]:
    """Return how the paths begin of what earlier attempts of a step run held."""
    return tuple(attempt(path, one) + sign for one in range(1, number) for sign in _INSIDE)


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


def around(path: str) -> str:
    """Return the path of the step run that holds another (an item's: its step); empty: none."""
    if path.endswith("]"):
        return path.rpartition("[")[0]
    scope = path.rpartition("/")[0]
    outer, slash, last = scope.rpartition("/")
    return outer + slash + _TAIL.split(last, maxsplit=1)[0]
