"""What a workflow names that stands elsewhere: agents, workflows, tools, schema files."""

from collections.abc import Iterator

import msgspec

from kapell.core.workflows.authored.steps import StepForm
from kapell.core.workflows.authored.workflow import WorkflowForm
from kapell.core.workflows.sequences import every_step
from kapell.kit.errors import Place


class Reference(msgspec.Struct, frozen=True):
    """A name and where it is written."""

    name: str
    place: Place
    step: StepForm


class References(msgspec.Struct, frozen=True):
    """Everything a workflow names, in file order; a name may come several times."""

    agents: tuple[Reference, ...]
    workflows: tuple[Reference, ...]
    tools: tuple[Reference, ...]
    schemas: tuple[Reference, ...]


def references_of(form: WorkflowForm) -> References:
    """Return what the workflow names that stands elsewhere."""
    steps = list(every_step(form.steps))
    return References(
        agents=(*_named(steps, "agent"), *_undone_by(steps, "agent")),
        workflows=tuple(_named(steps, "workflow")),
        tools=(*_named(steps, "tool"), *_undone_by(steps, "tool")),
        schemas=tuple(
            Reference(step.output, step.value("output").place, step)
            for step in steps
            if isinstance(step.output, str)
        ),
    )


def _named(steps: list[StepForm], key: str) -> Iterator[Reference]:
    for step in steps:
        value = step.node.get(key)
        if value is not None and value.text:
            yield Reference(value.text, value.place, step)


def _undone_by(steps: list[StepForm], key: str) -> Iterator[Reference]:
    for step in steps:
        value = step.compensate.node.get(key) if step.compensate is not None else None
        if value is not None and value.text:
            yield Reference(value.text, value.place, step)
