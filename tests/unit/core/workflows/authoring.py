"""Compiles texts the way the workspace service does, without files."""

import textwrap

from kapell.core.agents.definition import Agent
from kapell.core.definitions.problems import DefinitionInvalid, Problem, Problems
from kapell.core.definitions.reading import read
from kapell.core.definitions.shaping import shape
from kapell.core.workflows.authored.workflow import WorkflowForm
from kapell.core.workflows.compiling import compile_workflow
from kapell.core.workflows.pins import Overrides, Pins, WorkspaceDefaults
from kapell.core.workflows.version import Step, Version

FILE = "w.yaml"
AGENTS = {
    name: Agent(name=name, instructions=f"You are {name}.")
    for name in ("triager", "writer", "testing", "backend-api", "deployment")
}
PINS = Pins(agents=AGENTS)


def compiled(
    text: str | bytes,
    pins: Pins = PINS,
    defaults: WorkspaceDefaults | None = None,
    overrides: Overrides | None = None,
) -> tuple[Version, tuple[Problem, ...]]:
    """Return the version and the warnings of a workflow text; raise what is wrong with it."""
    problems = Problems()
    data = textwrap.dedent(text) if isinstance(text, str) else text
    form = shape(read(data, FILE), WorkflowForm, problems)
    version = compile_workflow(form, pins, defaults or WorkspaceDefaults(), problems, overrides)
    problems.raise_errors()
    assert version is not None
    return version, problems.warnings


def version_of(text: str, pins: Pins = PINS, defaults: WorkspaceDefaults | None = None) -> Version:
    """Return the version of a workflow text."""
    return compiled(text, pins, defaults)[0]


def step_of(text: str, step: str, pins: Pins = PINS) -> Step:
    """Return one step of the workflow's own sequence."""
    return next(one for one in version_of(text, pins).body.steps if one.id == step)


def said(
    text: str | bytes, pins: Pins = PINS, defaults: WorkspaceDefaults | None = None
) -> list[str]:
    """Return ``line:column code`` of everything that is wrong with a workflow text."""
    return [
        f"{one.place.line}:{one.place.column} {one.code}" for one in wrong(text, pins, defaults)
    ]


def wrong(
    text: str | bytes, pins: Pins = PINS, defaults: WorkspaceDefaults | None = None
) -> tuple[Problem, ...]:
    """Return everything that is wrong with a workflow text."""
    try:
        compiled(text, pins, defaults)
    except DefinitionInvalid as error:
        return error.problems
    return ()
