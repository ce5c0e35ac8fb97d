"""What stands in the doors to models and tools."""

from collections.abc import Sequence
from functools import partial

import msgspec

from kapell.bootstrap.guarding.content import Content
from kapell.bootstrap.guarding.limits import Limits
from kapell.core.guardrails.standing import Standing
from kapell.services.gateway.ports import Deployed, ModelGate
from kapell.services.guardrails.failsafe import SafeModelGate, SafeToolGate
from kapell.services.guardrails.files import FileReader, mark_of
from kapell.services.limits.gate import LimitsToolGate
from kapell.services.limits.holding import AgentModelGate, AgentToolGate
from kapell.services.policies.gates import PolicyModelGate, PolicyToolGate
from kapell.services.policies.policies import Policies
from kapell.services.tools.ports import ToolGate
from kapell.settings.guarding.guardrails import GuardrailSettings


class Gates(msgspec.Struct, frozen=True):
    """The gates of an app, in the order in which calls pass them."""

    models: Sequence[ModelGate] = ()
    tools: Sequence[ToolGate] = ()
    deployed: Deployed | None = None


def make_gates(
    limits: Limits,
    content: Content,
    policies: Policies,
    settings: GuardrailSettings,
    files: FileReader,
) -> Gates:
    """Return the gates that the settings of a workspace ask for; each of them fails closed."""
    flags = settings.flags
    models: list[ModelGate] = []
    tools: list[ToolGate] = []
    deployed: Deployed | None = None
    if limits.agents.on:
        models.append(AgentModelGate(limits.agents))
        tools.append(AgentToolGate(limits.agents))
    if flags.limits and limits.limiter.counts_calls:
        tools.append(LimitsToolGate(limits.limiter))
    if flags.content:
        models.append(content.models)
        tools.append(content.tools)
    if flags.policies:
        # Last of all: they judge the arguments as they will be sent.
        judging = PolicyModelGate(policies)
        models.append(judging)
        deployed = judging.deployed
        tools.append(PolicyToolGate(policies, partial(mark_of, files)))
    return Gates(
        models=tuple(SafeModelGate(one) for one in models),
        tools=tuple(SafeToolGate(one) for one in tools),
        deployed=deployed,
    )


def standing(settings: GuardrailSettings) -> Standing:
    """Return the guards of a workspace's runs, before its definitions have their say."""
    return Standing(profile=settings.profile, without=settings.flags.without)
