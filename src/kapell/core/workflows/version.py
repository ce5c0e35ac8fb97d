"""The compiled workflow: frozen data that a run refers to for ever.

Everything the author left out is filled in here (order, defaults, precedence), so that the run
machine decides without looking anything up. The same files always compile to the same value and so
to the same hash.
"""

from enum import StrEnum
from functools import cache
from typing import Literal, TypeAlias

import msgspec

from kapell.core.agents.definition import Agent
from kapell.core.guardrails.grounding.demand import Grounded
from kapell.core.guardrails.standing import ProfileName
from kapell.core.pricing.budget import Budget
from kapell.kit.ids import VersionHash
from kapell.kit.json import Json, digest, encode

FORMAT = 1
"""Raised when the compiled form changes in a way old code cannot run."""


class Join(StrEnum):
    """When a step may start, seen from the steps it waits for."""

    ORDER = "order"
    """All have ended, however; a skip does not spread. What steps without ``depends_on`` have."""
    DEFAULT = "default"
    """All have ended; skipped when all of them were. What ``depends_on`` means by itself."""
    ALL = "all"
    """All have succeeded, else skipped."""
    ANY = "any"
    """The first success starts it; skipped when none succeeds."""
    ALWAYS = "always"
    """All have ended, whatever happened, even while the run is failing."""


class _Frozen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass


class Retry(_Frozen, frozen=True, kw_only=True):
    """How often and when a failed attempt is repeated; ``on`` names error kinds or codes."""

    attempts: int = 1
    backoff: float = 1.0
    max: float = 30.0
    jitter: bool = True
    on: tuple[str, ...] = ("unavailable", "limited")


class ForEach(_Frozen, frozen=True, kw_only=True):
    """One passage per item. ``items`` is a template, ``where`` a bare expression."""

    items: Json
    name: str
    where: str | None = None
    concurrency: int = 1
    on_item_error: Literal["fail", "collect"] = "fail"


class Cache(_Frozen, frozen=True, kw_only=True):
    """A result is reused for ``ttl`` seconds under ``key`` (a template; none: the step's input)."""

    ttl: float
    key: str | None = None


class AgentWork(_Frozen, frozen=True, kw_only=True, tag="agent"):
    """An agent answers ``prompt`` (a template); ``agent`` is a key of ``Version.agents``."""

    agent: str
    prompt: str


class AskWork(_Frozen, frozen=True, kw_only=True, tag="ask"):
    """One model call without an agent; ``prompt`` is a template."""

    prompt: str


class ToolWork(_Frozen, frozen=True, kw_only=True, tag="tool"):
    """A tool call; ``args`` may hold templates."""

    tool: str
    args: Json


class WorkflowWork(_Frozen, frozen=True, kw_only=True, tag="workflow"):
    """A sub-workflow: a key of ``Version.workflows``, run inline or as a child run."""

    workflow: str
    args: Json
    detached: bool = False


class Escalation(_Frozen, frozen=True, kw_only=True):
    """Who else is asked after so many seconds."""

    after: float
    to: str


class ApprovalWork(_Frozen, frozen=True, kw_only=True, tag="approval"):
    """A person's answer; ``title`` and ``data`` may hold templates, ``edit`` names keys of data."""

    title: str
    data: Json = None
    edit: tuple[str, ...] = ()
    expires: float | None = None
    on_expiry: Literal["reject", "approve", "fail"] = "reject"
    approvers: tuple[str, ...] = ()
    need: int = 1
    remind: float | None = None
    escalate: Escalation | None = None


class WaitWork(_Frozen, frozen=True, kw_only=True, tag="wait"):
    """Time or a signal: ``seconds`` and ``until`` may be templates, ``match`` a bare expression.

    ``trust`` says whose word the signal's payload is: a stranger's unless declared.
    """

    seconds: float | str | None = None
    until: str | None = None
    signal: str | None = None
    match: str | None = None
    trust: Literal["trusted", "untrusted"] = "untrusted"


class SetWork(_Frozen, frozen=True, kw_only=True, tag="set"):
    """Values, evaluated; they are the output."""

    values: Json


class Body(_Frozen, frozen=True, kw_only=True):
    """A sequence of steps with a scope of its own; ``result`` is a bare expression."""

    steps: "tuple[Step, ...]"
    result: str | None = None


class BlockWork(_Frozen, frozen=True, kw_only=True, tag="steps"):
    """Steps of their own scope."""

    body: Body


class ParallelWork(_Frozen, frozen=True, kw_only=True, tag="parallel"):
    """Named branches side by side; they begin in the order of their names."""

    branches: dict[str, Body]


class Case(_Frozen, frozen=True, kw_only=True):
    """One way of a switch; the first whose ``when`` holds is taken."""

    name: str
    when: str
    body: Body


class SwitchWork(_Frozen, frozen=True, kw_only=True, tag="switch"):
    """The first case that holds, else ``otherwise``, else nothing."""

    cases: tuple[Case, ...]
    otherwise: Body | None = None


class LoopWork(_Frozen, frozen=True, kw_only=True, tag="loop"):
    """Passes until ``until`` (a bare expression, asked after each pass) holds, at most ``max``."""

    body: Body
    until: str
    max: int = 10
    on_exhausted: Literal["fail", "continue"] = "fail"


Work: TypeAlias = (
    AgentWork
    | AskWork
    | ToolWork
    | WorkflowWork
    | ApprovalWork
    | WaitWork
    | SetWork
    | BlockWork
    | ParallelWork
    | SwitchWork
    | LoopWork
)


class Step(_Frozen, frozen=True, kw_only=True):
    """A place in a workflow, everything resolved.

    ``after`` holds ids of the same body. ``on_error`` is a word or the body of a handler.
    ``compensate`` is a body of one or more steps, run as ``path!undo``.
    ``output`` is a JSON Schema.
    ``model`` is set for agent and ask steps, by the precedence step > workflow > agent > workspace.
    ``guardrails`` is the profile that the step, the workflow or the agent names; None leaves it to
    the workspace. ``grounded`` is what answers must keep to.
    ``line`` is the line of the step in its file, for messages.
    """

    id: str
    work: Work
    after: tuple[str, ...] = ()
    join: Join = Join.ORDER
    when: str | None = None
    for_each: ForEach | None = None
    retry: Retry = Retry()
    timeout: float | None = None
    on_error: Literal["fail", "continue"] | Body = "fail"
    compensate: Body | None = None
    budget: Budget | None = None
    cache: Cache | None = None
    output: Json = None
    corrections: int = 3
    model: str | None = None
    guardrails: ProfileName | None = None
    grounded: Grounded | None = None
    line: int = 0


class InputSpec(_Frozen, frozen=True, kw_only=True):
    """What an input accepts. ``file`` inputs arrive as a path and become an artifact.

    An input without a default is required. ``untrusted`` says that strangers wrote what it holds.
    """

    type: Literal["string", "integer", "number", "boolean", "object", "array", "file", "any"] = (
        "any"
    )
    description: str = ""
    enum: tuple[Json, ...] | None = None
    default: Json = None
    required: bool = False
    trust: Literal["trusted", "untrusted"] = "trusted"


class Version(_Frozen, frozen=True, kw_only=True):
    """A frozen, compiled workflow with everything it pins.

    ``inputs`` is None when the workflow declares none and accepts any. ``outputs`` holds templates;
    None means the last step's output. ``workflows`` pins sub-workflows by name, ``agents`` agents.
    """

    format: int = FORMAT
    name: str
    description: str = ""
    inputs: dict[str, InputSpec] | None = None
    body: Body
    outputs: Json = None
    budget: Budget | None = None
    timeout: float | None = None
    on_failure: Literal["compensate", "hold"] = "compensate"
    agents: dict[str, Agent] = {}
    workflows: "dict[str, Version]" = {}


def version_hash(version: Version) -> VersionHash:
    """Return the SHA-256 of what the version means.

    Lines do not count, so that comments and the way of writing (YAML or JSON) change nothing; a
    value that equals its default counts as left out, so that equal versions have equal hashes.
    """
    return VersionHash(digest(encode(_meaning(version))))


_fields = cache(msgspec.structs.fields)


def _made(field: msgspec.structs.FieldInfo) -> object:
    factory = field.default_factory
    return factory() if callable(factory) else msgspec.NODEFAULT


def _meaning(value: object) -> object:
    if isinstance(value, msgspec.Struct):
        tag = value.__struct_config__.tag
        found: dict[str, object] = {} if tag is None else {"type": tag}
        for field in _fields(type(value)):
            one = getattr(value, field.name)
            left_out = (field.default, _made(field)) if not field.required else ()
            if field.name != "line" and one not in left_out:
                found[field.name] = _meaning(one)
        return found
    if isinstance(value, dict):
        return {key: _meaning(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_meaning(one) for one in value]
    return value
