"""One model call as the loopback provider understands it, whatever wire it came on."""

import re
from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from kapell.core.gateway.calls import (
    Message,
    ModelAnswer,
    ModelRequest,
    ToolAsk,
    ToolOffer,
    Usage,
)
from kapell.core.gateway.offline import tokens
from kapell.core.gateway.offline.model import LABEL, answer
from kapell.core.gateway.offline.prompt import read
from kapell.core.gateway.offline.shapes.fill import fill
from kapell.kit.json import Json, encode

WireName: TypeAlias = Literal["openai", "anthropic", "google", "ollama", "azure"]
WIRES: tuple[WireName, ...] = ("openai", "anthropic", "google", "ollama", "azure")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked.

    ``tool`` is the name of the tool the answer must go into, when one must; ``tools`` are those the
    model may ask for. Names are as they stand on the wire. Seals of thoughts are the vendor's own.
    """

    wire: WireName
    model: str
    messages: tuple[Message, ...]
    schema: Json = None
    tool: str = ""
    tools: tuple[ToolOffer, ...] = ()
    stream: bool = False
    max_output: int = 4096
    key: str = ""

    @property
    def request(self) -> ModelRequest:
        """Return the call as our own request."""
        return ModelRequest(
            model=f"{self.wire}:{self.model}",
            messages=self.messages,
            schema=self.schema,
            tools=self.tools,
            max_output=self.max_output,
            idempotency_key=self.key,
        )


Answerer: TypeAlias = Callable[[Call], ModelAnswer]
"""Computes the answer of a call."""

SIGNATURE = "[loopback provider]"
"""First line of texts the loopback provider writes: they come from no vendor."""


_CALLS = re.compile(r"calls-(\d+)")


def by_offline_model(call: Call) -> ModelAnswer:
    """Return the offline model's answer under the loopback provider's own label.

    A model named ``calls-N`` first asks for its first tool in N turns, whatever the prompt says.
    """
    turns = _CALLS.fullmatch(call.model)
    made = sum(len(message.asks) for message in call.messages)
    if turns and call.tools and made < int(turns[1]):
        return _calling(call, made)
    request = call.request
    by_name = {tool.name.replace("__", "."): tool for tool in request.tools}
    tools = tuple(msgspec.structs.replace(tool, name=name) for name, tool in by_name.items())
    said = answer(msgspec.structs.replace(request, tools=tools))
    text = said.text
    if call.schema is None and not said.asks:
        text = SIGNATURE + text.removeprefix(LABEL)
    asks = tuple(msgspec.structs.replace(ask, tool=by_name[ask.tool].name) for ask in said.asks)
    output = said.usage.output_tokens if asks else tokens.count(text)
    usage = msgspec.structs.replace(said.usage, output_tokens=output)
    return msgspec.structs.replace(
        said, text=text, asks=asks, offline=False, usage=usage, model=call.model
    )


def _calling(call: Call, made: int) -> ModelAnswer:
    """Return an answer that asks for the first tool, with arguments valid under its schema."""
    tool = call.tools[0]
    args = fill(tool.args, read(call.messages))
    asked = sum(tokens.count(message.text) for message in call.messages)
    usage = Usage(input_tokens=asked, output_tokens=tokens.count(encode(args).decode()))
    ask = ToolAsk(f"call-{made + 1}", tool.name, args)
    return ModelAnswer(text="", asks=(ask,), usage=usage, model=call.model)
