"""A tool's description: what authors are checked against and agents are shown."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from kapell.core.guardrails.labels import Label, Origin, joined, untrusted
from kapell.kit.json import Json

INTERNAL = "runtime."
"""What the names of tools begin with that only a version may call, by agents' runtimes.

Their arguments name programs and modules: neither a model nor a client may choose those.
"""


class ToolSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as data.

    ``args`` is the JSON Schema of its arguments, ``returns`` of its result. ``repeatable`` says
    that calling it twice with the same arguments does no harm. ``repeatable_when`` names arguments
    and the values of theirs under which a tool that is not repeatable is so all the same; None
    among them stands for "not given". ``folder`` says that it works in the run's folder, which must
    hold the run's files then.

    ``effects`` says what a call changes: nothing (``read``), the run's folder or the workspace
    (``write``), the world outside (``external``). ``trust`` is how far what it returns may be
    trusted: whoever shows it to a model marks what is ``untrusted`` off from instructions.
    ``cost`` is what a call costs in nano-dollars, ``timeout`` the seconds it may take where its
    step says nothing, ``secrets`` the names of those it needs. ``args_bytes`` and ``result_bytes``
    are what arguments and result may have as JSON, where the tool bears less than the executor.

    ``reaches`` says that a call leaves the machine, so that its arguments carry data out even where
    it changes nothing. ``accepts`` names who its arguments may come from (``any``: from strangers
    too; None: as what it does asks for). ``sees`` is what it may read of the run's folder: the
    ``paths`` its arguments name, if its schema marks any, or the whole ``folder``.
    """

    name: str
    description: str
    args: Json
    returns: Json = None
    repeatable: bool = True
    effects: Literal["read", "write", "external"] = "read"
    repeatable_when: Mapping[str, tuple[Json, ...]] = {}
    folder: bool = True
    trust: Literal["trusted", "untrusted"] = "trusted"
    cost: int = 0
    timeout: float | None = None
    secrets: tuple[str, ...] = ()
    args_bytes: int | None = None
    result_bytes: int | None = None
    reaches: bool = False
    accepts: Literal["trusted", "any"] | tuple[Origin, ...] | None = None
    sees: Literal["paths", "folder"] = "paths"


def sink(spec: ToolSpec) -> bool:
    """Tell whether what a call is given leaves the workspace, or changes anything."""
    return spec.effects != "read" or spec.reaches


def outside(spec: ToolSpec) -> bool:
    """Tell whether a call leaves this machine, to change something there or only to read."""
    return spec.effects == "external" or spec.reaches


def accepts(spec: ToolSpec, labels: Mapping[str, Label]) -> bool:
    """Tell whether a tool takes arguments that come from where these do.

    What says nothing of itself takes no stranger's word if a call of it changes something or
    carries its arguments out; what only reads here takes anything.
    """
    label = joined(labels.values())
    if spec.accepts is None:
        return not (sink(spec) and untrusted(label))
    if spec.accepts == "any":
        return True
    if spec.accepts == "trusted":
        return not untrusted(label)
    return set(label) <= {*spec.accepts, "author"}


def chosen(specs: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """Return the names that an agent's list means, sorted; ``table.*`` means a family.

    What only a version may call is never meant.
    """
    patterns = tuple(wanted)
    found = (n for n in specs if any(fnmatchcase(n, one) for one in patterns))
    return tuple(sorted(n for n in found if not n.startswith(INTERNAL)))


def repeatable(spec: ToolSpec, args: Json) -> bool:
    """Tell whether the tool may be called twice with these arguments."""
    if spec.repeatable:
        return True
    given = args if isinstance(args, Mapping) else {}
    conditions = spec.repeatable_when.items()
    return bool(conditions) and all(given.get(name) in values for name, values in conditions)
