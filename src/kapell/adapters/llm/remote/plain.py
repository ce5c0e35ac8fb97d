"""OpenAI's client without its walk over every message: ours are plain JSON already.

The SDK looks through each message of a call for values that are to be turned into JSON, by all the
types a message may have. With each turn there are more of them: after ten it is most of what a call
costs in processor time. What is given as ``extra_body`` is sent as it stands.
"""

from functools import cached_property
from typing import Any, Self

from openai import AsyncOpenAI
from openai.resources.chat import AsyncChat, AsyncCompletions


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
        body = {"messages": list(asked["messages"])}
        if isinstance(asked.get("tools"), list):
            body["tools"] = asked.pop("tools")
        body.update(asked.pop("extra_body", None) or {})
        return await super().create(**{**asked, "messages": ()}, extra_body=body)
