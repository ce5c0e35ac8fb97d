"""Our gateway on the way to a provider, everything on, against the SDK asked directly.

A run of ten questions: each goes through a route of two deployments with a breaker, a quota and a
budget, and is durable before and after (the journal). What is left after the SDK's own time of as
many direct calls is the overhead of one.
"""

import asyncio

from agents import KEY, MODEL, PROMPT, TURNS, asked, folder_of, wire
from engine import working
from gateways import direct, measure
from kapell_agent import environment, workspace
from openai import AsyncOpenAI

from kapell.bootstrap.app import open_app

SETTINGS = f"""\
routes:
  way: [openai:{MODEL}, openai:gpt-5]
quotas:
  - {{per: tenant, every: 1d, calls: 100000000, usd: 100000}}
"""
STEPS = "".join(f"  - {{id: s{n}, ask: {PROMPT!r}, model: way}}\n" for n in range(TURNS))
WORKFLOW = f"name: questions\nbudget: {{usd: 10}}\nsteps:\n{STEPS}"


async def main() -> None:
    """Measure pairs of direct calls and a run."""
    options = asked()
    environment(options.provider)
    folder = folder_of(options)
    workspace(folder, options.at, {"workflows/questions.yaml": WORKFLOW}, SETTINGS)
    client = AsyncOpenAI(base_url=wire(options.provider), api_key=KEY, max_retries=0)
    async with open_app(folder) as app, working(app) as (_, ends):

        async def through() -> None:
            started = await app.starter.start("questions", {})
            await ends.succeeded(started.run_id)

        await measure(lambda: direct(client), through)


if __name__ == "__main__":
    asyncio.run(main())
