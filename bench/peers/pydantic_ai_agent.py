"""pydantic-ai: its agent with one tool, nothing kept."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agents import INSTRUCTIONS, KEY, MODEL, PROMPT, Noop, asked, measure, wire
from openai import AsyncOpenAI
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider


async def main() -> None:
    """Measure the agent."""
    tool = Noop()
    client = AsyncOpenAI(base_url=wire(asked().provider), api_key=KEY, max_retries=0)
    model = OpenAIChatModel(MODEL, provider=OpenAIProvider(openai_client=client))
    agent = Agent(model, instructions=INSTRUCTIONS, tools=[tool.noop])

    async def run() -> str:
        return (await agent.run(PROMPT)).output

    await measure(run, tool)


if __name__ == "__main__":
    asyncio.run(main())
