"""Looking through the policies of a workspace for who checks it; light where there are none."""

from pathlib import Path

from kapell.core.definitions.problems import Problem
from kapell.core.policies.kinds import FOLDER


def look_through(root: Path) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Return the policies of a workspace, and what is wrong in them.

    Raises:
        KapellError: the settings are wrong, or the server that judges gives no answer.
    """
    if not (root / FOLDER).is_dir():
        return (), ()
    from kapell.bootstrap.guarding.policies import (  # noqa: PLC0415 - an interpreter, on use
        linted,
    )

    return linted(root)
