"""The bare provider SDK: a loop of calls and tools written by hand, nothing kept."""

import asyncio
import json

from agents import INSTRUCTIONS, KEY, MODEL, PROMPT, Noop, asked, measure, wire
from openai import AsyncOpenAI

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "noop",
            "description": "Give the number back.",
            "parameters": {
                "type": "object",
                "properties": {"n": {"type": "integer"}},
                "required": ["n"],
                "additionalProperties": False,
            },
        },
    }
]


async def main() -> None:
    """Measure the loop."""
    tool = Noop()
    client = AsyncOpenAI(base_url=wire(asked().provider), api_key=KEY, max_retries=0)

    async def run() -> str:
        messages = [
            {"role": "system", "content": INSTRUCTIONS},
            {"role": "user", "content": PROMPT},
        ]
        while True:
            reply = await client.chat.completions.create(
                model=MODEL, messages=messages, tools=TOOLS
            )
            message = reply.choices[0].message
            if not message.tool_calls:
                return message.content or ""
            messages.append(message.model_dump(exclude_none=True))
            for call in message.tool_calls:
                result = tool.noop(**json.loads(call.function.arguments))
                messages.append(
                    {"role": "tool", "tool_call_id": call.id, "content": json.dumps(result)}
                )

    await measure(run, tool)


if __name__ == "__main__":
    asyncio.run(main())
