"""Which parts of its input a set of modules reads: the rest need not be handed to a judge."""

from collections.abc import Mapping
from typing import TypeAlias

from kapell.core.policies.linting.fields import paths
from kapell.core.policies.linting.modules import read_module
from kapell.kit.json import Json

Used: TypeAlias = "Mapping[str, Used] | None"
"""The names that are read below a value, each with what is read below it; None: all of it."""


def used_by(sources: Mapping[str, str]) -> Used:
    """Return what modules read of ``input``."""
    root: dict[str, Used] = {}
    for path, text in sources.items():
        for rule in read_module(path, text).rules:
            for one in paths(rule.all):
                if not one.names:
                    return None
                _add(root, one.names)
    return root


def _add(tree: dict[str, Used], names: tuple[str, ...]) -> None:
    first, rest = names[0], names[1:]
    below = tree.get(first, {})
    if below is None:
        return
    if not rest:
        tree[first] = None
        return
    assert isinstance(below, dict)  # noqa: S101 - made here alone
    _add(below, rest)
    tree[first] = below


def kept(value: Json, used: Used) -> Json:
    """Return the parts of a value that are read."""
    if used is None or not isinstance(value, Mapping):
        return value
    return {name: kept(value[name], below) for name, below in used.items() if name in value}
