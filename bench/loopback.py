"""The provider of a bench: a loopback server that asks for a tool so many times, then answers.

Prints its address on one line and serves until it is ended. What it answers is fixed and nothing is
counted, so that its own work is small and the same for everyone.
"""

import asyncio
import sys

from kapell.core.gateway.calls import ModelAnswer, ToolAsk, Usage
from kapell.testing.providers.call import Call
from kapell.testing.providers.server import LoopbackProvider

TURNS = 10
"""Turns with a tool call before the answer."""

_USAGE = Usage(input_tokens=200, output_tokens=20)


def answer(call: Call) -> ModelAnswer:
    """Ask for the first tool while there are turns left; each time with another number."""
    made = sum(len(message.asks) for message in call.messages)
    if not call.tools or made >= TURNS:
        return ModelAnswer(text="done", usage=_USAGE, model=call.model)
    ask = ToolAsk(f"call-{made + 1}", call.tools[0].name, {"n": made + 1})
    return ModelAnswer(text="", asks=(ask,), usage=_USAGE, model=call.model)


async def serve() -> None:
    """Serve until the process is ended."""
    async with LoopbackProvider(answer) as provider:
        sys.stdout.write(f"{provider.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
