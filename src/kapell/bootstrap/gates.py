"""What stands in the doors to models and tools."""

from collections.abc import Sequence

import msgspec

from kapell.bootstrap.guarding.limits import Limits
from kapell.core.guardrails.standing import Standing
from kapell.services.gateway.ports import ModelGate
from kapell.services.limits.gate import LimitsToolGate
from kapell.services.tools.ports import ToolGate
from kapell.settings.guardrails import GuardrailSettings


class Gates(msgspec.Struct, frozen=True):
    """The gates of an app, in the order in which calls pass them."""

    models: Sequence[ModelGate] = ()
    tools: Sequence[ToolGate] = ()


def make_gates(limits: Limits) -> Gates:
    """Return the gates that the settings of a workspace ask for."""
    return Gates(tools=(LimitsToolGate(limits.limiter),))


def standing(settings: GuardrailSettings) -> Standing:
    """Return the guards of a workspace's runs, before its definitions have their say."""
    return Standing(profile=settings.profile, without=settings.flags.without)
