"""What stands in the doors to models and tools."""

from collections.abc import Sequence

import msgspec

from kapell.services.gateway.ports import ModelGate
from kapell.services.tools.ports import ToolGate


class Gates(msgspec.Struct, frozen=True):
    """The gates of an app, in the order in which calls pass them."""

    models: Sequence[ModelGate] = ()
    tools: Sequence[ToolGate] = ()


def make_gates() -> Gates:
    """Return the gates that the settings of a workspace ask for."""
    return Gates()
