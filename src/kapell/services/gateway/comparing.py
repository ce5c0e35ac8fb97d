"""Two ways of choosing a model over the same workload: cost, latency and where they disagree."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta

from kapell.core.gateway.calls import DEFAULT_MAX_OUTPUT, Message, ModelAnswer, ModelRequest
from kapell.core.guardrails.labels import WEB, label_of
from kapell.core.policies.caller import Caller
from kapell.core.pricing.quote import Quote, cost
from kapell.kit.errors import Invalid, KapellError
from kapell.kit.json import Json

_WORD = re.compile(r"\w+")


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One call of a workload. ``schema`` asks for a structured answer.

    ``trust`` says whether strangers had a part in the prompt.
    """

    prompt: str
    instructions: str = ""
    schema: Json = None
    max_output: Annotated[int, Meta(ge=1)] = DEFAULT_MAX_OUTPUT
    subject: str = ""
    trust: Literal["trusted", "untrusted"] = "trusted"


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """What one policy did: nano-dollars, seconds in the middle and late, who answered how often."""

    name: str
    calls: int
    failed: int
    usd: int
    input_tokens: int
    output_tokens: int
    median: float
    late: float
    models: Mapping[str, int]
    codes: Mapping[str, int]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """An item whose answers differ; ``overlap`` is the share of words both have."""

    number: int
    prompt: str
    overlap: float
    first: str
    second: str


class Contrast(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides; ``overlap`` is the mean over the items that both answered."""

    first: Side
    second: Side
    compared: int
    overlap: float
    differences: tuple[Difference, ...]

    @property
    def disagreement(self) -> float:
        """Return the share of items answered by both whose answers differ."""
        return len(self.differences) / self.compared if self.compared else 0.0

    @property
    def saving(self) -> float | None:
        """Return which share of the first's cost the second saves; None where nothing was paid."""
        return 1 - self.second.usd / self.first.usd if self.first.usd else None


class Asked(Protocol):
    """The one door to models."""

    async def complete(self, request: ModelRequest) -> ModelAnswer:
        """Return the answer to one request."""
        ...


class _Reply(msgspec.Struct):
    answer: ModelAnswer | None
    seconds: float
    code: str = ""


def read_workload(data: bytes, name: str) -> list[Item]:
    """Return the items of a workload: one JSON object a line.

    Raises:
        Invalid: ``workload_broken`` with the line, or ``workload_empty``.
    """
    items = []
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            items.append(msgspec.json.decode(line, type=Item))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Invalid(
                f"{name}:{number} is no item of a workload: {error}.",
                code="workload_broken",
                advice='Write one JSON object a line, such as {"prompt": "What is it?"}.',
            ) from error
    if not items:
        raise Invalid(
            f"{name} holds no items.",
            code="workload_empty",
            advice='Write one JSON object a line, such as {"prompt": "What is it?"}.',
        )
    return items


async def contrast(
    door: Asked,
    quote: Callable[[str], Quote],
    names: tuple[str, str],
    items: Sequence[Item],
    *,
    caller: Caller,
    concurrency: int = 4,
    patience: float = 120.0,
) -> Contrast:
    """Ask both sides every item, side by side so that both meet the same weather.

    Args:
        door: Asks models and routes.
        quote: The price of a model.
        names: Two models or routes.
        items: The workload.
        caller: For whom it is done; an item's own subject counts only for the choice of a model.
        concurrency: Items under way at a time.
        patience: Seconds an answer may take.
    """
    slots = asyncio.Semaphore(concurrency)

    async def one(number: int, item: Item) -> tuple[_Reply, _Reply]:
        async with slots:
            requests = [_request(item, name, number, caller, patience) for name in names]
            first, second = await asyncio.gather(*(_asked(door, one) for one in requests))
            return first, second

    pairs = await asyncio.gather(*(one(number, item) for number, item in enumerate(items)))
    both = [
        (number, first.answer, second.answer)
        for number, (first, second) in enumerate(pairs)
        if first.answer is not None and second.answer is not None
    ]
    found = [_difference(number, items[number], one, other) for number, one, other in both]
    return Contrast(
        first=_side(names[0], [pair[0] for pair in pairs], quote),
        second=_side(names[1], [pair[1] for pair in pairs], quote),
        compared=len(both),
        overlap=sum(one.overlap for one in found) / len(found) if found else 0.0,
        differences=tuple(one for one in found if one.overlap < 1.0),
    )


def _request(item: Item, model: str, number: int, caller: Caller, timeout: float) -> ModelRequest:
    labels = {"": label_of(WEB)} if item.trust == "untrusted" else {}
    said = [Message("system", item.instructions)] if item.instructions else []
    return ModelRequest(
        model=model,
        messages=(*said, Message("user", item.prompt)),
        schema=item.schema,
        max_output=item.max_output,
        timeout=timeout,
        label=f"item[{number}]",
        tenant=caller.tenant,
        subject=item.subject or caller.subject,
        trust=item.trust,
        caller=msgspec.structs.replace(caller, labels=labels),
    )


async def _asked(door: Asked, request: ModelRequest) -> _Reply:
    began = perf_counter()
    try:
        answer = await door.complete(request)
    except KapellError as error:
        return _Reply(None, perf_counter() - began, error.code)
    return _Reply(answer, perf_counter() - began)


def _side(name: str, replies: Sequence[_Reply], quote: Callable[[str], Quote]) -> Side:
    answers = [reply.answer for reply in replies if reply.answer is not None]
    seconds = sorted(reply.seconds for reply in replies if reply.answer is not None) or [0.0]
    asked = [answer.model if answer.tries else name for answer in answers]
    return Side(
        name=name,
        calls=len(replies),
        failed=len(replies) - len(answers),
        usd=sum(
            int(cost(quote(model), answer.usage))
            for model, answer in zip(asked, answers, strict=True)
        ),
        input_tokens=sum(answer.usage.input_tokens for answer in answers),
        output_tokens=sum(answer.usage.output_tokens for answer in answers),
        median=seconds[len(seconds) // 2],
        late=seconds[min(len(seconds) * 95 // 100, len(seconds) - 1)],
        models=dict(Counter(asked).most_common()),
        codes=dict(Counter(reply.code for reply in replies if reply.code).most_common()),
    )


def _difference(number: int, item: Item, one: ModelAnswer, other: ModelAnswer) -> Difference:
    if item.schema is not None and one.value is not None and other.value is not None:
        overlap = 1.0 if one.value == other.value else min(_overlap(one, other), 0.99)
    else:
        overlap = _overlap(one, other)
    return Difference(
        number=number, prompt=item.prompt, overlap=overlap, first=one.text, second=other.text
    )


def _overlap(one: ModelAnswer, other: ModelAnswer) -> float:
    """Return the share of words that both answers have, of those that either has."""
    first, second = (Counter(_WORD.findall(answer.text.lower())) for answer in (one, other))
    either = (first | second).total()
    return (first & second).total() / either if either else 1.0
