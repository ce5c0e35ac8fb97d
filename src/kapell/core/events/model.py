"""Facts about model calls; ``call`` is ``path#attempt/number``."""

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from kapell.core.events.value import NOTHING, Packed
from kapell.core.gateway.calls import Try, Usage
from kapell.core.guardrails.grounding.demand import Score
from kapell.core.guardrails.labels import Label
from kapell.core.pricing.forecast import Forecast
from kapell.kit.errors import Failure


class AskedTool(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tool call the model asks for; ``broken`` is the text of arguments that were no JSON."""

    id: str
    tool: str
    args: Packed = NOTHING
    broken: str = ""


class ModelRequested(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="model.requested"
):
    """A model is about to be asked.

    ``prompt`` is the rendered text, ``key`` the idempotency key. The turns before it are part of
    what is sent. ``turn`` counts from 1, ``tools`` names those the model may ask for.
    ``size`` are the bytes that are sent, ``forecast`` is what the call is expected to use, learnt
    from calls before it. ``label`` says where what is sent comes from, ``approved`` is the digest
    of the request that people approved. ``judges`` is the call whose answer this one is to judge:
    it is no turn, and its answer no step's result.
    """

    call: str
    path: str
    model: str
    prompt: Packed
    agent: str = ""
    max_output: int
    key: str
    turn: int = 1
    tools: tuple[str, ...] = ()
    size: int = 0
    forecast: Forecast | None = None
    label: Label = ()
    approved: str = ""
    grants: Mapping[str, str] = {}
    judges: str = ""


class ModelAnswered(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="model.answered"
):
    """The answer. ``value`` is the parsed structured answer, when one was asked for.

    ``thoughts`` is the model's reasoning as far as its provider shows it (a list of objects),
    ``asks`` the tool calls it wants before it answers. ``cost`` in nano-dollars. ``problem`` says
    what is wrong with it, when it must be corrected. ``seconds`` is how long the call took.
    ``cached``: nobody was asked, an earlier answer was given again. ``tries`` are the decisions of
    a route with their reasons, ``by`` the model that answered in its name; without a route there is
    one try if the call turned the model's breaker, else none. ``confidence`` is how sure the answer
    says it is, 0..1; ``grounding`` how its sources hold it, where that is demanded. With
    ``unjudged`` a judge is asked before it is used; ``judges`` is the call whose answer this one is
    a judgement on.
    """

    call: str
    path: str
    model: str
    text: Packed
    value: Packed | None = None
    usage: Usage = Usage()
    cost: int = 0
    seconds: float = 0.0
    problem: str = ""
    asks: tuple[AskedTool, ...] = ()
    thoughts: Packed | None = None
    offline: bool = False
    cached: bool = False
    by: str = ""
    tries: tuple[Try, ...] = ()
    confidence: float | None = None
    grounding: Score | None = None
    unjudged: bool = False
    judges: str = ""


class ModelJudged(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="model.judged"
):
    """How the answer of ``call`` is held by its sources, now that ``judge`` was asked.

    ``score`` is the judge's own, 0..1; None when there is none, and the scorer's verdict stands
    alone, because of ``without``: ``judge_failed``, ``judge_unclear``, ``judge_held``,
    ``judge_offline`` or ``judge_budget``. With ``closed`` the profile lets no answer pass for want
    of a verdict. ``grounding`` is what counts. ``problem`` says what is wrong with the answer, when
    it must be corrected.
    """

    call: str
    path: str
    judge: str
    score: float | None = None
    without: str = ""
    closed: bool = False
    grounding: Score | None = None
    problem: str = ""


class ModelFailed(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="model.failed"
):
    """The call ended without an answer.

    ``tries`` are the decisions of a route that gave up, or the one try that turned a breaker.
    """

    call: str
    path: str
    model: str
    failure: Failure
    seconds: float = 0.0
    tries: tuple[Try, ...] = ()


class ModelAbandoned(msgspec.Struct, frozen=True, kw_only=True, tag="model.abandoned"):
    """The worker that made the call is gone; it is settled at its worst case, ``cost``."""

    call: str
    path: str
    model: str
    cost: int


class ModelHeld(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="model.held"):
    """Nobody was asked: a gate wants people asked first."""

    call: str
    path: str
    model: str
    seconds: float = 0.0


ModelEvent: TypeAlias = (
    ModelRequested | ModelAnswered | ModelJudged | ModelFailed | ModelAbandoned | ModelHeld
)
