"""Ending a step run well: its output is checked, its undo frozen, its result kept for reuse."""

from collections.abc import Callable, Mapping

from kapell.core.events.step import StepSucceeded
from kapell.core.events.value import Packed
from kapell.core.expressions import DEFAULT, ExpressionTooExpensive
from kapell.core.guardrails.labels import Label, Mask, label_of, labels_of
from kapell.core.runs.context import Kept
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.state import StepRun
from kapell.core.runs.status import STEP_ENDED
from kapell.core.workflows.schemas import problem_of
from kapell.kit.errors import Failure, Invalid, KapellError
from kapell.kit.json import Json


def _nothing_more() -> Mask:
    return 0


def reraise_if_cheap(t: Thinking, error: KapellError) -> None:
    """Let an expression that was only too dear for the event loop be tried again elsewhere."""
    if isinstance(error, ExpressionTooExpensive) and t.ctx.limits is not DEFAULT:
        raise error


def complete(t: Thinking, action: Callable[[], None], owner: StepRun | None = None) -> None:
    """Do what ends a scope; an expression that fails there fails the owner, or the run."""
    try:
        action()
    except KapellError as error:
        reraise_if_cheap(t, error)
        t.later("broke", owner.path if owner is not None else "", Failure.of(error))


def finish(
    t: Thinking,
    run: StepRun,
    output: Callable[[], Packed],
    taken: int = 0,
    label: Callable[[], Mask] = _nothing_more,
) -> None:
    """Let a step run succeed with an output, or fail when the output cannot be made or is wrong.

    ``label`` is what the output carries beside what the step run has read itself; it is asked after
    the output is made.
    """
    t.do(lambda: _finish(t, run.path, output, taken, label))


def _finish(
    t: Thinking, path: str, output: Callable[[], Packed], taken: int, label: Callable[[], Mask]
) -> None:
    run = t.state.steps.get(path)
    if run is None or run.status in STEP_ENDED:
        return
    place = t.place(run)
    step = place.step
    try:
        packed = output()
        if step.output is not None and run.fan is None and not place.calls_model:
            _check(step.output, t.names(run).unpacked(packed))
        whole = run.label | run.ground | label()
        undo, undo_labels = frozen_names(t, run, packed, whole)
    except KapellError as error:
        reraise_if_cheap(t, error)
        t.later("broke", path, Failure.of(error, path))
        return
    if run.cache and step.cache is not None:
        t.caches[run.cache] = (Kept(packed, label_of(whole)), step.cache.ttl)
    t.emit(
        StepSucceeded(
            path, packed, undo, taken=taken, label=label_of(whole), undo_labels=undo_labels
        )
    )
    t.later("ended", path)


def _check(schema: Json, value: Json) -> None:
    problem = problem_of(schema, value)
    if problem:
        raise Invalid(
            f"The output does not fit its schema: {problem}",
            code="output_invalid",
            advice="Correct the step or its 'output' schema.",
        )


def frozen_names(
    t: Thinking, run: StepRun, output: Packed | None, label: Mask = 0
) -> tuple[Packed | None, Mapping[str, Label]]:
    """Return the names a step's compensation reads, as they are now, with their labels.

    None without a compensation. ``label`` is that of ``output``.

    The items of a ``for_each`` are undone, not the whole; and what a handler did in place of a step
    is not undone by what would have undone the step.
    """
    place = t.place(run)
    step = place.step
    whole = run.item < 0 and step.for_each is not None
    if step.compensate is None or whole or run.handled:
        return None, {}
    names = t.names(run)
    reads = t.program.outer_reads(step.compensate)
    frozen = names.collect(reads)
    masks: dict[str, Mask] = {}
    for read in reads:
        key = read.root if read.member is None else f"{read.root}.{read.member}"
        masks[key] = masks.get(key, 0) | names.label_of(read)
    steps = frozen.get("steps")
    if isinstance(steps, dict) and step.id in steps:
        status = "succeeded" if output is not None else "failed"
        value = names.unpacked(output) if output is not None else None
        steps[step.id] = {"output": value, "status": status, "error": None}
        key = f"steps.{step.id}"
        masks[key] = masks.get(key, 0) | label | run.label | run.ground
    return t.pack(frozen), labels_of(masks)
