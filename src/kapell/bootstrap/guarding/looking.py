"""Looking through the policies of a workspace for who checks it; light where there are none."""

from pathlib import Path

import msgspec

from kapell.core.definitions.problems import Problem
from kapell.core.policies.kinds import FOLDER


class Linted(msgspec.Struct, frozen=True):
    """The policies of a workspace by their paths, what is wrong in them, and what is odd."""

    names: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def look_through(root: Path) -> Linted:
    """Return the policies of a workspace, with what is wrong or odd in them.

    Raises:
        KapellError: the settings are wrong, or the server that judges gives no answer.
    """
    if not (root / FOLDER).is_dir():
        return Linted()
    from kapell.bootstrap.guarding.policies import (  # noqa: PLC0415 - an interpreter, on use
        linted,
    )

    return linted(root)
