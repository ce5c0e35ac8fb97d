"""Which workspace a command is about: one answer for all commands.

``--workspace`` decides; else it is the one around the current folder; else, for a command that
names a file, the one around that file; else the current folder itself.
"""

from pathlib import Path

from kapell.bootstrap.definitions import root_around
from kapell.cli.screen import Screen
from kapell.cli.surroundings import Surroundings
from kapell.kit.errors import Invalid, Missing
from kapell.services.workflows.loading import ENDINGS

_ENDINGS = (".yaml", ".yml", ".json", ".md")


def root_of(surroundings: Surroundings, file: str = "") -> Path:
    """Return the workspace that is meant.

    Args:
        surroundings: The options of the command.
        file: What it names: a file, or a name that says nothing about folders.

    Raises:
        Missing: ``workspace_missing`` when the folder asked for is not there.
    """
    current = Path.cwd()
    if surroundings.folder is None:
        return root_around(current) or _around(file) or current
    if not surroundings.folder.is_dir():
        raise Missing(
            f"There is no folder `{surroundings.folder}`.",
            code="workspace_missing",
            advice="Check --workspace, or make one with `kapell init`.",
        )
    return surroundings.folder.resolve()


def tell_workspace(surroundings: Surroundings, file: str) -> None:
    """Say which workspace is taken when the file named makes that doubtful."""
    if surroundings.folder is not None:
        return
    current, own = root_around(Path.cwd()), _around(file)
    if own is None or own == current:
        return
    screen = Screen(surroundings)
    if current is None:
        screen.note(f"The workspace is {own}; other commands find it with --workspace {own}")
    else:
        screen.note(f"`{file}` is read as part of {current}; for its own: --workspace {own}")


def _around(file: str) -> Path | None:
    if "\x00" in file or not ("/" in file or file.endswith(_ENDINGS)):
        return None
    path = Path(file)
    return root_around(path.resolve()) if path.exists() else None


def refuse_other(named: str) -> None:
    """Refuse what by its name alone cannot be a workflow's file.

    Raises:
        Invalid: ``workflow_is_other``.
    """
    path = Path(named)
    if "/" in named and path.is_dir():
        raise Invalid(
            f"`{named}` is a folder; what is run is a workflow.",
            code="workflow_is_other",
            advice="Name a file in it, or a workflow of this workspace.",
        )
    if path.suffix and not named.endswith(ENDINGS) and path.is_file():
        raise Invalid(
            f"`{named}` is no workflow: their files end with {', '.join(ENDINGS)}.",
            code="workflow_is_other",
            advice=f"Name a workflow, and give it the file: --input NAME={named}",
        )
