"""Which folders of ours a program may see, so that it can import the packages it asks for."""

import importlib.metadata
import os
import re
from collections.abc import Sequence

from kapell.adapters.sandbox.problems import package_denied

PLACE = "/packages"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def folders_of(packages: Sequence[str]) -> list[tuple[str, str]]:
    """Return what to show, from where to where: the packages and all that they need.

    Raises:
        Denied: ``sandbox_package_denied`` for one that is not installed.
    """
    shown: dict[str, str] = {}
    known: set[str] = set()
    for package in packages:
        if not _add(package, shown, known):
            raise package_denied(package, "it is not installed")
    return [(source, f"{PLACE}/{name}") for name, source in sorted(shown.items())]


def _add(package: str, shown: dict[str, str], known: set[str]) -> bool:
    """Note a distribution and what it needs; False when it is not installed."""
    plain = re.sub(r"[-_.]+", "-", package).lower()
    if plain in known:
        return True
    try:
        found = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    known.add(plain)
    for file in found.files or ():
        top = file.parts[0]
        if top not in {"..", "__pycache__"} and top not in shown:
            source = os.path.realpath(str(found.locate_file(top)))
            if os.path.exists(source):
                shown[top] = source
    for needed in found.requires or ():
        name = _NAME.match(needed)
        if name is not None and "extra ==" not in needed:
            # What a marker leaves out on this machine is not installed, and not missed.
            _add(name.group(), shown, known)
    return True
