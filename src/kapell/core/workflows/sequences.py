"""The sequences of steps that a step holds, wherever they stand in it."""

from collections.abc import Iterator, Sequence

import msgspec

from kapell.core.workflows.authored.steps import StepForm
from kapell.kit.errors import Place


class Held(msgspec.Struct, frozen=True):
    """A sequence under ``key`` of a step; ``name`` is the branch or case."""

    key: str
    name: str
    steps: Sequence[StepForm]
    place: Place


def sequences_of(step: StepForm) -> Iterator[Held]:
    """Yield every sequence the step holds, in the order of its kinds."""
    if step.steps is not None:
        yield Held("steps", "", step.steps, step.place("steps"))
    for name, steps in (step.parallel or {}).items():
        yield Held("parallel", name, steps, step.value("parallel").key_place(name))
    if step.switch is not None:
        for case in step.switch.cases:
            yield Held("switch", case.name, case.steps, case.place("steps"))
        if step.switch.else_ is not None:
            yield Held("switch", "else", step.switch.else_, step.switch.place("else"))
    if step.loop is not None:
        yield Held("loop", "", step.loop.steps, step.loop.place("steps"))
    if step.on_error is not None and not isinstance(step.on_error, str):
        yield Held("on_error", "", step.on_error.steps, step.on_error.place("steps"))
    if step.compensate is not None and step.compensate.steps is not None:
        yield Held("compensate", "", step.compensate.steps, step.compensate.place("steps"))


def every_step(steps: Sequence[StepForm]) -> Iterator[StepForm]:
    """Yield the steps and all steps inside them, in file order of their kinds."""
    for step in steps:
        yield step
        for held in sequences_of(step):
            yield from every_step(held.steps)
