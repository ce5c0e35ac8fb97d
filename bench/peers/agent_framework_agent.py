"""agent-framework: its agent with one tool, nothing kept."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agent_framework import Agent, tool
from agent_framework.openai import OpenAIChatCompletionClient
from agents import INSTRUCTIONS, KEY, MODEL, PROMPT, Noop, asked, measure, wire
from openai import AsyncOpenAI


async def main() -> None:
    """Measure the agent."""
    counted = Noop()
    client = AsyncOpenAI(base_url=wire(asked().provider), api_key=KEY, max_retries=0)

    @tool(approval_mode="never_require")
    def noop(n: int) -> int:
        """Give the number back."""
        return counted.noop(n)

    agent = Agent(
        OpenAIChatCompletionClient(MODEL, async_client=client),
        INSTRUCTIONS,
        tools=[noop],
    )

    async def run() -> str:
        return (await agent.run(PROMPT)).text

    await measure(run, counted)


if __name__ == "__main__":
    asyncio.run(main())
