"""An agent as a version pins it: instructions, limits and the shape of its answer."""

from typing import Literal

import msgspec

from kapell.core.guardrails.grounding.demand import Grounded
from kapell.core.guardrails.standing import ProfileName
from kapell.kit.json import Json


class SkillNote(msgspec.Struct, frozen=True):
    """What an agent sees of a skill before it reads it."""

    name: str
    description: str


class Agent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A role read from Markdown with front matter.

    ``budget_*`` are ceilings for one call to the agent; ``budget_usd`` in nano-dollars.
    ``turns`` is the most of them for one answer. ``cache`` are the seconds for which an answer of
    its model to the very same is given again. ``settings`` are what a runtime that is not
    ``inline`` has to know. ``guardrails`` is its profile where nobody nearer names one,
    ``grounded`` what its answers must keep to.
    ``skills`` are those it is told of, ``output`` is the JSON Schema of its answer, when it has
    one. ``kept`` holds front matter keys that mean nothing to us, so that files of other tools pass
    through unharmed.
    """

    name: str
    instructions: str
    description: str = ""
    model: str | None = None
    tools: tuple[str, ...] | None = None
    tier: Literal["orchestrator", "specialist", "worker"] = "specialist"
    capabilities: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    output: Json = None
    budget_usd: int | None = None
    budget_tokens: int | None = None
    budget_time: float | None = None
    max_output: int | None = None
    temperature: float | None = None
    turns: int | None = None
    cache: float | None = None
    guardrails: ProfileName | None = None
    grounded: Grounded | None = None
    runtime: Literal["inline", "remote", "tmux", "python"] = "inline"
    settings: dict[str, Json] = {}
    skills: tuple[SkillNote, ...] = ()
    kept: dict[str, Json] = {}
