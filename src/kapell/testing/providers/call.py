"""One model call as the loopback provider understands it, whatever wire it came on."""

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from kapell.core.gateway.calls import Message, ModelAnswer, ModelRequest, ToolOffer
from kapell.core.gateway.offline import tokens
from kapell.core.gateway.offline.model import LABEL, answer
from kapell.kit.json import Json

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


def by_offline_model(call: Call) -> ModelAnswer:
    """Return the offline model's answer under the loopback provider's own label."""
    made = answer(call.request)
    text = made.text
    if call.schema is None:
        text = SIGNATURE + text.removeprefix(LABEL)
    usage = msgspec.structs.replace(made.usage, output_tokens=tokens.count(text))
    return msgspec.structs.replace(made, text=text, offline=False, usage=usage, model=call.model)
