"""Compiles texts the way the workspace service does, without files."""

import textwrap
from collections.abc import Mapping
from typing import Literal

from kapell.core.agents.definition import Agent
from kapell.core.definitions.problems import DefinitionInvalid, Problem, Problems
from kapell.core.definitions.reading import read
from kapell.core.definitions.shaping import shape
from kapell.core.definitions.tree import Node, NodeKind
from kapell.core.workflows.authored.workflow import WorkflowForm
from kapell.core.workflows.compiling import compile_workflow
from kapell.core.workflows.pins import Overrides, Pins, WorkspaceDefaults
from kapell.core.workflows.version import Step, Version
from kapell.kit.errors import Place
from kapell.kit.json import Json

FILE = "w.yaml"
_START = Place(file=FILE, line=1, column=1)
_KINDS: dict[type, NodeKind] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "text",
    type(None): "null",
}
AGENTS = {
    name: Agent(name=name, instructions=f"You are {name}.")
    for name in ("triager", "writer", "testing", "backend-api", "deployment")
}
PINS = Pins(agents=AGENTS)


def tree_of(value: Json) -> Node:
    """Return the tree of a value as if it had been read from its JSON, all at the first place.

    Reading is most of what compiling a large text costs.
    """
    if value is None or isinstance(value, bool | int | float | str):
        style: Literal["plain", "quoted"] = "quoted" if isinstance(value, str) else "plain"
        return Node(kind=_KINDS[type(value)], place=_START, value=value, style=style)
    if isinstance(value, Mapping):
        entries = {key: (tree_of(key), tree_of(one)) for key, one in value.items()}
        return Node(kind="mapping", place=_START, entries=entries)
    return Node(kind="list", place=_START, items=tuple(map(tree_of, value)))


def compiled(
    text: str | bytes | Node,
    pins: Pins = PINS,
    defaults: WorkspaceDefaults | None = None,
    overrides: Overrides | None = None,
) -> tuple[Version, tuple[Problem, ...]]:
    """Return the version and the warnings of a workflow text; raise what is wrong with it."""
    problems = Problems()
    data = textwrap.dedent(text) if isinstance(text, str) else text
    tree = data if isinstance(data, Node) else read(data, FILE)
    form = shape(tree, WorkflowForm, problems)
    version = compile_workflow(form, pins, defaults or WorkspaceDefaults(), problems, overrides)
    problems.raise_errors()
    assert version is not None
    return version, problems.warnings


def version_of(
    text: str | Node, pins: Pins = PINS, defaults: WorkspaceDefaults | None = None
) -> Version:
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
