"""A vendor's response as our answer: text or value, tool calls, reasoning, tokens."""

from collections.abc import Mapping
from typing import Literal

import msgspec
from pydantic_ai.messages import ModelResponse, ToolCallPart

from kapell.adapters.llm.remote.naming import our_name
from kapell.adapters.llm.remote.structure import Shape, parsed, read
from kapell.adapters.llm.remote.thoughts import thoughts
from kapell.core.gateway.calls import ModelAnswer, ModelRequest, ToolAsk, Usage
from kapell.core.gateway.failures import failure, provider_of
from kapell.core.gateway.offline import tokens
from kapell.kit.json import Json

_MOST_TOKENS = 10**9
"""Of one call; a server that reports more is not believed."""


def answer(response: ModelResponse, request: ModelRequest, form: Shape) -> ModelAnswer:
    """Return what a vendor answered.

    Raises:
        KapellError: ``model_answer_broken`` when it says nothing and asks for nothing.
    """
    asks = _asks(response, form)
    text, value = read(response, form, asking=bool(asks))
    if not text and not asks and response.finish_reason not in ("length", "content_filter"):
        raise failure("model_answer_broken", f"The answer of {request.model} is empty.")
    finish: Literal["stop", "length", "filter"] = "stop"
    if response.finish_reason == "length":
        finish = "length"
    elif response.finish_reason == "content_filter":
        finish = "filter"
    ids = {place: ask.id for place, ask in asks.items()}
    return ModelAnswer(
        text=text,
        value=value,
        asks=tuple(asks.values()),
        thoughts=thoughts(response, ids, provider_of(request.model)),
        model=response.model_name or request.model.partition(":")[2],
        usage=_usage(response, request, f"{text}{_spelled(response, asks)}"),
        finish=finish,
    )


def _asks(response: ModelResponse, form: Shape) -> dict[int, ToolAsk]:
    """Return the tool calls asked for, by their place among the response's parts."""
    found: dict[int, ToolAsk] = {}
    taken: set[str] = set()
    for place, part in enumerate(response.parts):
        if not isinstance(part, ToolCallPart) or form.holds_answer(part):
            continue
        name = part.tool_call_id
        if not name or name in taken:
            # Some servers name all their calls alike; each observation must find its own.
            name = f"call_{place}"
        taken.add(name)
        args, broken = _arguments(part)
        tool = our_name(part.tool_name, form.offered)
        keys = form.keys.get(tool)
        if keys:
            args = keys.back(args)
        found[place] = ToolAsk(id=name, tool=tool, args=args, broken=broken)
    return found


def _arguments(part: ToolCallPart) -> tuple[Json, str]:
    """Return the arguments of a call, and their text where they are no JSON."""
    if isinstance(part.args, Mapping):
        return dict(part.args), ""
    text = part.args or ""
    if not text.strip():
        return {}, ""
    value = parsed(text)
    broken = value is None and text.strip() != "null"
    return value, text if broken else ""


def _spelled(response: ModelResponse, asks: Mapping[int, ToolAsk]) -> str:
    """Return the tool calls as text, to count their tokens."""
    parts = (part for place, part in enumerate(response.parts) if place in asks)
    return "".join(part.args_as_json_str() for part in parts if isinstance(part, ToolCallPart))


def _usage(response: ModelResponse, request: ModelRequest, text: str) -> Usage:
    """Return the tokens used; what a server does not report is counted, never taken as nothing."""
    used = response.usage
    reasoning = used.details.get("reasoning_tokens", 0) if used.details else 0
    return Usage(
        input_tokens=_believed(used.input_tokens) or _asked(request),
        output_tokens=_believed(used.output_tokens) or tokens.count(text),
        cached_input_tokens=_believed(used.cache_read_tokens),
        reasoning_tokens=_believed(reasoning),
    )


def _asked(request: ModelRequest) -> int:
    asked = sum(tokens.count(message.text) for message in request.messages)
    if request.tools:
        asked += tokens.count(msgspec.json.encode(request.tools).decode())
    return asked


def _believed(reported: int) -> int:
    """Return a number of tokens that can be; a broken server's number must not stop a run."""
    return reported if 0 < reported <= _MOST_TOKENS else 0
