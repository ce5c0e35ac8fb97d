"""What ships beside the code: agents, policies and the workspace of `kapell init`. Data only.

Everything is read through ``importlib.resources``, so that it works from a wheel as well. Nothing
here is imported by the floors below the entry points.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

_AGENTS = "agents"
_WORKSPACE = "workspace"
_READY = ("policies", "ready")
# Packages leave files out whose name begins with a dot; they get their dot when they are copied.
_DOTTED = {"gitignore": ".gitignore"}
_CODE = (".py", ".pyc")


class Copied(NamedTuple):
    """What a copy did: the files it wrote, and those it found and left as they were."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


def folder() -> Path:
    """Return the folder of the library; its agents stand where a workspace has them."""
    return Path(str(files(__name__)))


def agent_names() -> tuple[str, ...]:
    """Return the names of the agents of the library."""
    found = (entry.name for entry in (files(__name__) / _AGENTS).iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in found if name.endswith(".md")))


def agent_text(name: str) -> str:
    """Return an agent's file.

    Raises:
        KeyError: The library has no agent of that name.
    """
    if name not in agent_names():
        raise KeyError(name)
    return (files(__name__) / _AGENTS / f"{name}.md").read_text("utf-8")


def ready_policies() -> Mapping[str, str]:
    """Return the policies that a workspace may take, by their names."""
    return {
        entry.name.removesuffix(".rego"): entry.read_text("utf-8")
        for entry in sorted(files(__name__).joinpath(*_READY).iterdir(), key=lambda one: one.name)
        if entry.name.endswith(".rego")
    }


def workspace_files() -> Mapping[str, bytes]:
    """Return every file of a new workspace by its path, agents included."""
    found = {f"{_AGENTS}/{name}.md": agent_text(name).encode() for name in agent_names()}
    found.update(_below(files(__name__) / _WORKSPACE, ""))
    return dict(sorted(found.items()))


def copy_workspace(folder: Path, *, replace: bool = False) -> Copied:
    """Write the files of a new workspace; each file is there whole or not at all.

    Args:
        folder: Where the workspace shall be; made when it is not there.
        replace: Whether files that are there already are written anew.

    Raises:
        OSError: A folder or file cannot be written.
    """
    written, kept = [], []
    for name, data in workspace_files().items():
        path = folder / name
        if path.exists() and not replace:
            kept.append(name)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, data)
        written.append(name)
    return Copied(tuple(written), tuple(kept))


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _below(entry, f"{prefix}{entry.name}/")
        elif not entry.name.endswith(_CODE):
            yield f"{prefix}{_DOTTED.get(entry.name, entry.name)}", entry.read_bytes()


def _write(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
