"""The steps of a workflow that name a guardrail profile of their own."""

from collections.abc import Iterator

from kapell.core.guardrails.standing import ProfileName
from kapell.core.workflows.version import (
    BlockWork,
    Body,
    LoopWork,
    ParallelWork,
    Step,
    SwitchWork,
    Version,
    WorkflowWork,
)

MOST = 100
"""Steps that are named; a run tells no more of them."""


def profiles_named(version: Version) -> tuple[tuple[str, ProfileName], ...]:
    """Return the addresses of steps whose profile is not the workspace's, with theirs.

    Sub-workflows count as parts of the step that calls them. What goes beyond ``MOST`` is left out,
    the mildest are told first.
    """
    found = sorted(_of_body(version.body, "", version), key=lambda one: one[1] != "off")
    return tuple(found[:MOST])


def _of_body(body: Body, above: str, version: Version) -> Iterator[tuple[str, ProfileName]]:
    for step in body.steps:
        address = f"{above}{step.id}"
        if step.guardrails is not None:
            yield address, step.guardrails
        for inner, name in _inside(step):
            yield from _of_body(inner, f"{address}{name}/", version)
        if isinstance(step.work, WorkflowWork):
            called = version.workflows[step.work.workflow]
            yield from _of_body(called.body, f"{address}/", called)


def _inside(step: Step) -> Iterator[tuple[Body, str]]:
    """Yield the bodies a step holds, with what their steps' addresses begin with."""
    match step.work:
        case BlockWork(body=body) | LoopWork(body=body):
            yield body, ""
        case ParallelWork(branches=branches):
            yield from ((body, f".{name}") for name, body in branches.items())
        case SwitchWork(cases=cases, otherwise=otherwise):
            yield from ((case.body, f":{case.name}") for case in cases)
            if otherwise is not None:
                yield otherwise, ":else"
        case _:
            pass
    if isinstance(step.on_error, Body):
        yield step.on_error, "!error"
    if step.compensate is not None:
        yield step.compensate, "!undo"
