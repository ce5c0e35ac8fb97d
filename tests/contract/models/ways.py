"""Two ways through OpenAI's wire: the SDK's with pydantic-ai's, and our shorter one.

Both take seconds to import, so tests do that when they run: one worker of a session pays for it.
"""

from functools import cache
from ssl import SSLContext

from httpx2 import AsyncClient, create_ssl_context
from openai import AsyncOpenAI
from pydantic_ai import ModelRequest
from pydantic_ai.direct import model_request
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from kapell.adapters.llm.remote.plain import PlainClient, PlainModel


@cache
def _trust() -> SSLContext:
    """Return what a client trusts; reading it is most of what making a client costs."""
    return create_ssl_context()


def long_client(address: str) -> AsyncOpenAI:
    """Return the SDK's client of a server."""
    return AsyncOpenAI(
        base_url=address, api_key="k", max_retries=0, http_client=AsyncClient(verify=_trust())
    )


def short_client(address: str) -> PlainClient:
    """Return our client of a server."""
    return PlainClient(
        base_url=address, api_key="k", max_retries=0, http_client=AsyncClient(verify=_trust())
    )


def short_model(client: AsyncOpenAI) -> PlainModel:
    """Return our model behind a client."""
    return PlainModel("gpt-5-mini", provider=OpenAIProvider(openai_client=client))


async def by_the_long_way(address: str) -> dict[str, object]:
    """Return what a call comes to."""
    async with long_client(address) as client:
        provider = OpenAIProvider(openai_client=client)
        return await _said(OpenAIChatModel("gpt-5-mini", provider=provider))


async def by_the_short_way(address: str) -> dict[str, object]:
    """Return what a call comes to."""
    async with short_client(address) as client:
        return await _said(short_model(client))


async def _said(model: OpenAIChatModel) -> dict[str, object]:
    try:
        response = await model_request(model, [ModelRequest.user_text_prompt("Name a colour.")])
    except Exception as error:  # whatever it is: it must be the same
        return {"failed": type(error)}
    kept = dict(vars(response))
    del kept["timestamp"], kept["usage"]
    return {**kept, "usage": vars(response.usage)}
