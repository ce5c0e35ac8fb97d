"""A tool's description: what authors are checked against and agents are shown."""

import msgspec

from kapell.kit.json import Json


class ToolSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as data.

    ``args`` is the JSON Schema of its arguments, ``returns`` of its result. ``repeatable`` says that
    calling it twice with the same arguments does no harm; ``writes`` that it changes files or the
    world outside.
    """

    name: str
    description: str
    args: Json
    returns: Json = None
    repeatable: bool = True
    writes: bool = False
