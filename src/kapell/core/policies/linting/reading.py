"""Which parts of its input a set of modules reads: the rest need not be handed to a judge."""

from collections.abc import Collection, Mapping
from typing import TypeAlias

import msgspec

from kapell.core.policies.linting.fields import paths
from kapell.core.policies.linting.modules import Module, read_module
from kapell.core.policies.linting.naming import references, referred
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


def kept(value: Json | msgspec.Struct, used: Used) -> Json:
    """Return the parts of a value or a struct that are read, as plain values."""
    if isinstance(value, msgspec.Struct):
        return _of_struct(value, used)
    if used is None or not isinstance(value, Mapping):
        return value
    return {name: kept(value[name], below) for name, below in used.items() if name in value}


def _of_struct(value: msgspec.Struct, used: Used) -> Json:
    if used is None:
        plain: Json = msgspec.to_builtins(value)
        return plain
    found: dict[str, Json] = {}
    for name, inner in used.items():
        if name in value.__struct_fields__:
            below = getattr(value, name)
            if not isinstance(below, msgspec.Struct):
                below = msgspec.to_builtins(below)
            found[name] = kept(below, inner)
    return found


def may_use(sources: Mapping[str, str], packages: Collection[str]) -> bool:
    """Tell whether modules may use one of these packages, by name or with others around it."""
    modules = [read_module(path, text) for path, text in sources.items()]
    return any(_uses_all(one) for one in modules) or any(
        f"{package}.".startswith(f"{path}.") or path.startswith(f"{package}.")
        for module in modules
        for path in referred(module)
        for package in packages
    )


def _uses_all(module: Module) -> bool:
    return any(one.parts == ("data",) for rule in module.rules for one in references(rule.all))
