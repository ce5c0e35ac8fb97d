"""OpenAI's client without its walk over what is asked: ours is plain JSON already.

The SDK looks through each message and option of a call for values that are to be turned into JSON,
by all the types they may have. With each turn there are more of them: after ten it is most of what
a call costs in processor time. Here the body is posted as it stands.
"""

from functools import cached_property
from typing import Any, Self

from openai import AsyncOpenAI, AsyncStream, NotGiven, Omit
from openai._types import RequestOptions
from openai.resources.chat import AsyncChat, AsyncCompletions
from openai.types.chat import ChatCompletion, ChatCompletionChunk


class PlainClient(AsyncOpenAI):
    """Sends messages and tools as they stand; asked for itself with other options, makes a copy."""

    def with_options(self, **options: Any) -> Self:
        """Return a client with these options: this one, when it has them already."""
        same = {"max_retries": self.max_retries, "http_client": self._client, "_extra_kwargs": {}}
        if all(name in same and same[name] == value for name, value in options.items()):
            return self
        return self.copy(**options)

    @cached_property
    def chat(self) -> AsyncChat:
        """Return the calls that answer conversations."""
        return _Chat(self)


class _Chat(AsyncChat):
    @cached_property
    def completions(self) -> AsyncCompletions:
        return _Completions(self._client)


class _Completions(AsyncCompletions):
    async def create(self, **asked: Any) -> Any:
        given = {name: one for name, one in asked.items() if not isinstance(one, _UNSAID)}
        extra = {name: given.pop(f"extra_{name}", None) or {} for name in ("headers", "query")}
        body = given.pop("extra_body", None) or {}
        # As the SDK's own call has it: the key of the API, never one of an administrator.
        options = RequestOptions(
            headers=extra["headers"], params=extra["query"], security={"bearer_auth": True}
        )
        if "timeout" in given:
            options["timeout"] = given.pop("timeout")
        return await self._client.post(
            "/chat/completions",
            cast_to=ChatCompletion,
            body={**given, **body},
            options=options,
            stream=bool(given.get("stream")),
            stream_cls=AsyncStream[ChatCompletionChunk],
        )


_UNSAID = (Omit, NotGiven)
"""What an option is that is not sent."""
