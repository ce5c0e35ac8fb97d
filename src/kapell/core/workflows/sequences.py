"""The sequences of steps that a step holds, wherever they stand in it."""

from collections.abc import Iterator, Sequence

import msgspec

from kapell.core.definitions.tree import Node
from kapell.core.workflows.authored.steps import StepForm


class Held(msgspec.Struct, frozen=True):
    """A sequence under ``key`` of a step; ``name`` is the branch or case.

    ``node`` is the list as written, None where the author wrote no list.
    """

    key: str
    name: str
    steps: Sequence[StepForm]
    node: Node | None


def sequences_of(step: StepForm) -> Iterator[Held]:
    """Yield every sequence the step holds, in the order of its kinds."""
    if step.steps is not None:
        yield Held("steps", "", step.steps, step.node.get("steps"))
    for name, steps in (step.parallel or {}).items():
        yield Held("parallel", name, steps, step.value("parallel").get(name))
    if step.switch is not None:
        for case in step.switch.cases:
            yield Held("switch", case.name, case.steps, case.node.get("steps"))
        if step.switch.else_ is not None:
            yield Held("switch", "else", step.switch.else_, step.switch.node.get("else"))
    if step.loop is not None:
        yield Held("loop", "", step.loop.steps, step.loop.node.get("steps"))
    if step.on_error is not None and not isinstance(step.on_error, str):
        yield Held("on_error", "", step.on_error.steps, step.on_error.node.get("steps"))
    undo = step.compensate
    if undo is not None and undo.steps is not None:
        yield Held("compensate", "", undo.steps, undo.node.get("steps"))


def every_step(steps: Sequence[StepForm]) -> Iterator[StepForm]:
    """Yield the steps and all steps inside them, in file order of their kinds."""
    for step in steps:
        yield step
        for held in sequences_of(step):
            yield from every_step(held.steps)
