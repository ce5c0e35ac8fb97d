"""Checks one read of an expression against what is visible at its place."""

from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problems
from kapell.core.definitions.tree import Node
from kapell.core.expressions import Read
from kapell.core.workflows.scope import (
    ERROR_MEMBERS,
    PASS_MEMBERS,
    RUN_MEMBERS,
    STEP_MEMBERS,
    Level,
    Scope,
)
from kapell.kit.errors import Place

_TOLD = {
    "error": "`error` is seen only in the steps of an `on_error`.",
    "pass": "`pass` is seen only inside a loop.",
    "index": "`index` is seen only inside a for_each.",
    "null": "Nothing is written `none` in expressions.",
    "signal": "`signal` is seen only in the `match` of a wait.",
}


def spelled(step: str) -> str:
    """Return how an expression reads a step: an id with a dash stands in brackets."""
    return f"steps.{step}" if step.isidentifier() else f"steps['{step}']"


def check_read(read: Read, node: Node, scope: Scope, problems: Problems) -> None:
    """Note what is wrong with a read of the text ``node``, if anything is."""
    place = node.inside(read.line, read.column)
    if read.root == "inputs":
        _input(read, place, scope, problems)
    elif read.root == "steps":
        _step(read, node.text, place, scope, problems)
    elif read.root == "run":
        _member(read, RUN_MEMBERS, place, problems)
    elif read.root in scope.names:
        return
    elif read.root in scope.extras:
        if read.root == "pass":
            _member(read, PASS_MEMBERS, place, problems)
        elif read.root == "error":
            _member(read, ERROR_MEMBERS, place, problems)
    else:
        _unknown(read, node.text, place, scope, problems)


def _unknown(read: Read, text: str, place: Place, scope: Scope, problems: Problems) -> None:
    advice = _TOLD.get(read.root) or hint(read.root, scope.roots(), "Names here")
    dashed = _dashed(text, read.root, scope.homes)
    if dashed is not None:
        advice = f"An id with a dash is read as steps['{dashed}']."
    elif read.root in scope.homes:
        advice = f"Write `{spelled(read.root)}.output`."
    elif scope.inputs and read.root in scope.inputs:
        advice = f"Write `inputs.{read.root}`."
    problems.error("name_unknown", f"There is no name `{read.root}` here.", place, advice)


def _dashed(text: str, end: str, homes: dict[str, tuple[str, ...]]) -> str | None:
    """Return the id with a dash that the author most likely meant by ``steps.a-b``."""
    return next(
        (one for one in homes if "-" in one and one.endswith(end) and f"steps.{one}" in text), None
    )


def _input(read: Read, place: Place, scope: Scope, problems: Problems) -> None:
    if scope.inputs is None or read.member is None or read.member in scope.inputs:
        return
    problems.error(
        "input_unknown",
        f"The workflow declares no input `{read.member}`.",
        place,
        hint(read.member, scope.inputs, "Declared inputs")
        or f"Declare it: `inputs: {{{read.member}: {{type: string}}}}`.",
    )


def _member(read: Read, members: tuple[str, ...], place: Place, problems: Problems) -> None:
    if read.member is not None and read.member not in members:
        problems.error(
            "name_unknown",
            f"`{read.root}` has no `{read.member}`.",
            place,
            hint(read.member, members, "It has"),
        )


def _step(read: Read, text: str, place: Place, scope: Scope, problems: Problems) -> None:
    step = read.member
    if step is None:
        problems.error(
            "step_not_named",
            "Which step is read cannot be known before the run.",
            place,
            "Name the step: `steps.x.output`.",
        )
        return
    level = next((one for one in reversed(scope.levels) if step in one.order.after), None)
    if level is None:
        _step_unknown(step, text, place, scope, problems)
        return
    _order(step, level, scope, place, problems)
    if not read.path:
        problems.error(
            "step_member_missing",
            f"A step is read by its output, status or error, not as `{spelled(step)}` alone.",
            place,
            f"Write `{spelled(step)}.output`.",
        )
    elif read.path[0] not in STEP_MEMBERS:
        problems.error(
            "step_member_unknown",
            f"A step has `output`, `status` and `error`, but no `{read.path[0]}`.",
            place,
            hint(read.path[0], STEP_MEMBERS)
            if read.path[0][:1] in "ose" and read.path[0] in ("outputs", "state", "errors")
            else f"Write `{spelled(step)}.output.{read.path[0]}` for a part of its output.",
        )


def _step_unknown(step: str, text: str, place: Place, scope: Scope, problems: Problems) -> None:
    holders = scope.homes.get(step, ())
    if holders:
        holder = holders[0]
        problems.error(
            "step_not_visible",
            f"The step `{step}` is seen only inside `{holder}`, which holds it.",
            place,
            f"Read `{spelled(holder)}.output`."
            if holder
            else "Let what holds it hand its output out.",
        )
        return
    dashed = next((one for one in scope.homes if f"steps.{one}" in text and "-" in one), None)
    advice = hint(step, scope.visible_steps(), "Steps seen here") or "No step is seen here."
    if dashed is not None and dashed.startswith(f"{step}-"):
        advice = f"An id with a dash is read as steps['{dashed}']."
    problems.error("step_unknown", f"There is no step `{step}`.", place, advice)


def _order(step: str, level: Level, scope: Scope, place: Place, problems: Problems) -> None:
    at = level.at
    if at is None or level.order.awaits(at, step):
        return
    if step == at:
        if level.itself:
            return
        inside = level is not scope.levels[-1]
        what = "has not ended while the steps inside it are done" if inside else "reads itself"
        advice = (
            "In a loop, `pass.previous` is the output of the pass before."
            if inside
            else "Read a step before it."
        )
        problems.error("step_not_ended", f"The step `{step}` {what}.", place, advice)
    elif level.order.awaits(step, at):
        problems.error(
            "step_comes_later",
            f"The step `{step}` comes after `{at}`, so it has no output yet.",
            place,
            f"Move `{step}` before `{at}`.",
        )
    else:
        waits = ", ".join([*level.order.after[at], step])
        problems.error(
            "step_not_awaited",
            f"`{at}` reads `{spelled(step)}` but does not wait for `{step}`.",
            place,
            f"Add `depends_on: [{waits}]` to the step `{at}`.",
        )
