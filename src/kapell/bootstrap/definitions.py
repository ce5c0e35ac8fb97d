"""A workspace without a database: what ``validate``, ``preview`` and the lists of files need."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from kapell import library
from kapell.adapters.tools.specs import builtin_specs
from kapell.adapters.workspace.files import WorkspaceFolder, find_root, root_around
from kapell.adapters.workspace.good import GoodAgentFiles
from kapell.bootstrap.catalogue import Catalogue, catalogue_of
from kapell.core.agents.linting.tuning import Tuning
from kapell.core.definitions.problems import Problem, Problems
from kapell.core.tools.spec import ToolSpec
from kapell.services.agents.registry import AgentRegistry
from kapell.services.workflows.workspace import Workspace
from kapell.settings import FILE as SETTINGS_FILE
from kapell.settings.authored import settings_tree, workspace_defaults
from kapell.settings.linting import tuning_of

STATE = ".kapell"
"""The folder of a workspace that holds what the program keeps there."""


class Definitions(msgspec.Struct, frozen=True):
    """A workspace's definitions and the tools they may name; ``warnings`` of its settings.

    ``own`` are those of its tools that are not built in, with what is wrong with their sources.
    ``tuning`` says how strict the linter is.
    """

    root: Path
    workspace: Workspace
    tools: Mapping[str, ToolSpec]
    warnings: tuple[Problem, ...] = ()
    own: Catalogue = Catalogue()
    tuning: Tuning = Tuning()

    @property
    def registry(self) -> AgentRegistry:
        """Return the register of its agents."""
        good = GoodAgentFiles(self.root / STATE)
        return AgentRegistry(self.workspace, self.tools, self.tuning, good)


def library_files() -> WorkspaceFolder:
    """Return the library's agents as files: every workspace may use them without a copy."""
    return WorkspaceFolder(library.folder())


def workspace_files(root: Path, current: Path | None = None) -> WorkspaceFolder:
    """Return the files of a workspace."""
    return WorkspaceFolder(root, current)


def open_definitions(root: Path, current: Path | None = None, *, anew: bool = False) -> Definitions:
    """Return the definitions of a workspace.

    Args:
        root: The workspace.
        current: The folder a person's relative paths count from.
        anew: Whether to look through the sources of its tools again.

    Raises:
        DefinitionInvalid: With what is wrong in the settings that concern definitions.
    """
    problems = Problems()
    tree = settings_tree(root, problems)
    defaults = workspace_defaults(tree, os.environ, problems)
    tuning = tuning_of(tree, problems)
    problems.raise_errors()
    tools = {spec.name: spec for spec in builtin_specs()}
    section = None if tree is None else tree.get("tools")
    own = catalogue_of(root, None if section is None else section.plain(), tuple(tools), anew=anew)
    tools.update(own.specs)
    workspace = Workspace(WorkspaceFolder(root, current), defaults, tools, library_files())
    return Definitions(root.absolute(), workspace, tools, problems.warnings, own, tuning)


def check_settings(root: Path) -> None:
    """Read the settings whole, as a run would.

    Raises:
        KapellError: With what is wrong.
    """
    from kapell.settings.loading import load_settings  # noqa: PLC0415 - heavy, and seldom asked for

    load_settings(root)


__all__ = [
    "SETTINGS_FILE",
    "STATE",
    "Definitions",
    "check_settings",
    "find_root",
    "open_definitions",
    "root_around",
    "workspace_files",
]
