"""Which workspace a command is about: one answer for all commands.

``--workspace`` decides; else it is the one around the current folder; else, for a command that
names a file, the one around that file; else the current folder itself.
"""

from pathlib import Path

from kapell.bootstrap.definitions import root_around
from kapell.cli.screen import Screen
from kapell.cli.surroundings import Surroundings
from kapell.kit.errors import Missing

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
