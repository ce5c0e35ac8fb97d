"""LangGraph's prebuilt agent with one tool: nothing kept, or a checkpoint of SQLite each step."""

import asyncio
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from uuid import uuid4

import aiosqlite
from agents import INSTRUCTIONS, KEY, MODEL, PROMPT, Noop, asked, measure, wire
from langchain_core.tools import StructuredTool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.prebuilt import create_react_agent
from measuring import setting


async def agent_of(provider: str, tool: Noop, saver: AsyncSqliteSaver | None) -> None:
    """Measure the agent, with a saver or without."""
    model = ChatOpenAI(model=MODEL, base_url=wire(provider), api_key=KEY, max_retries=0)
    tools = [StructuredTool.from_function(tool.noop, name="noop")]
    agent = create_react_agent(model, tools, prompt=INSTRUCTIONS, checkpointer=saver)

    async def run() -> str:
        config = {"configurable": {"thread_id": uuid4().hex}, "recursion_limit": 100}
        kept = {"durability": "sync"} if saver is not None else {}
        said = await agent.ainvoke({"messages": [("user", PROMPT)]}, config, **kept)
        return str(said["messages"][-1].content)

    await measure(run, tool)


async def main() -> None:
    """Measure what was asked for."""
    options, tool = asked(), Noop()
    if options.variant == "memory":
        await agent_of(options.provider, tool, None)
        return
    async with aiosqlite.connect(options.at) as connection:
        saver = AsyncSqliteSaver(connection)
        await saver.setup()
        await connection.execute("PRAGMA synchronous=FULL")
        for name in ("synchronous", "journal_mode"):
            async with connection.execute(f"PRAGMA {name}") as cursor:
                setting(name, (await cursor.fetchone())[0])
        await agent_of(options.provider, tool, saver)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # the prebuilt agent has a newer name elsewhere
    asyncio.run(main())
