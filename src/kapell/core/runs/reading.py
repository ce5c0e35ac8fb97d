"""Which names a body reads from around itself: what a compensation needs frozen."""

from collections.abc import Iterator

from kapell.core.expressions import Read, compile_expression, compile_value
from kapell.core.workflows.version import (
    AgentWork,
    ApprovalWork,
    AskWork,
    BlockWork,
    Body,
    LoopWork,
    ParallelWork,
    SetWork,
    Step,
    SwitchWork,
    ToolWork,
    WaitWork,
    Work,
    WorkflowWork,
)
from kapell.kit.json import Json


def outer_reads(body: Body) -> frozenset[Read]:
    """Return what a body and all bodies in it read, but for their own steps' results."""
    own = {step.id for step in body.steps}
    found: set[Read] = set()
    for step in body.steps:
        found.update(_of_step(step))
    if body.result is not None:
        found.update(compile_expression(body.result).reads)
    return frozenset(r for r in found if not (r.root == "steps" and r.member in own))


def reads_of(step: Step) -> frozenset[Read]:
    """Return what a step reads, and what the bodies in it read from around themselves."""
    return frozenset(_of_step(step))


def _of_step(step: Step) -> Iterator[Read]:
    for source in (step.when, step.for_each.where if step.for_each else None):
        if source is not None:
            yield from compile_expression(source).reads
    if step.for_each is not None:
        yield from compile_value(step.for_each.items).reads
    if step.cache is not None and step.cache.key is not None:
        yield from compile_value(step.cache.key).reads
    if step.grounded is not None:
        yield from compile_value(step.grounded.sources).reads
    for value in _values(step.work):
        yield from compile_value(value).reads
    for source in _sources(step.work):
        yield from compile_expression(source).reads
    for body in _bodies(step):
        yield from outer_reads(body)


def _values(work: Work) -> Iterator[Json]:
    if isinstance(work, AgentWork | AskWork):
        yield work.prompt
    elif isinstance(work, ToolWork | WorkflowWork):
        yield work.args
    elif isinstance(work, ApprovalWork):
        yield work.title
        yield work.data
    elif isinstance(work, WaitWork):
        yield work.seconds
        yield work.until
    elif isinstance(work, SetWork):
        yield work.values


def _sources(work: Work) -> Iterator[str]:
    if isinstance(work, SwitchWork):
        yield from (case.when for case in work.cases)
    elif isinstance(work, LoopWork):
        yield work.until
    elif isinstance(work, WaitWork) and work.match is not None:
        yield work.match


def _bodies(step: Step) -> Iterator[Body]:
    work = step.work
    if isinstance(work, BlockWork | LoopWork):
        yield work.body
    elif isinstance(work, ParallelWork):
        yield from work.branches.values()
    elif isinstance(work, SwitchWork):
        yield from (case.body for case in work.cases)
        if work.otherwise is not None:
            yield work.otherwise
    if isinstance(step.on_error, Body):
        yield step.on_error
    if step.compensate is not None:
        yield step.compensate
