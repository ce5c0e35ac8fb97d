"""OpenAI's client and model without their walks over what is asked and what is answered.

The SDK looks through each message and option of a call for values that are to be turned into JSON,
by all the types they may have. With each turn there are more of them: after ten it is most of what
a call costs in processor time. Here the body is posted as it stands.

An answer the SDK builds by the types of all its fields, unchecked; the model turns that into JSON
again and checks it. Here it is checked as it is read, once. What does not pass, as other vendors'
answers on this wire may not, goes the long way, which allows for more.
"""

from functools import cached_property
from typing import Any, Self

import httpx2
from openai import AsyncOpenAI, AsyncStream, NotGiven, Omit
from openai._types import RequestOptions
from openai.resources.chat import AsyncChat, AsyncCompletions
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import ValidationError
from pydantic_ai.models.openai import OpenAIChatModel


class PlainModel(OpenAIChatModel):
    """Believes answers that were checked already."""

    def _validate_completion(self, response: ChatCompletion) -> Any:
        if isinstance(response, _Checked):
            return response
        return super()._validate_completion(response)


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
        streamed = bool(given.get("stream"))
        answered = await self._client.post(
            "/chat/completions",
            cast_to=ChatCompletion if streamed else httpx2.Response,
            body={**given, **body},
            options=options,
            stream=streamed,
            stream_cls=AsyncStream[ChatCompletionChunk],
        )
        return _read(answered) if isinstance(answered, httpx2.Response) else answered


class _Checked(ChatCompletion):
    """An answer that is as OpenAI describes its answers."""


def _read(response: httpx2.Response) -> ChatCompletion | str:
    """Return what was answered; what is no JSON object as its text.

    Raises:
        ValueError: it says that it is JSON, and is not.
    """
    try:
        return _Checked.model_validate_json(response.content)
    except ValidationError:
        pass
    try:
        said = response.json()
    except ValueError:
        if response.headers.get("content-type", "").partition(";")[0].endswith("json"):
            raise
        return response.text
    return ChatCompletion.construct(**said) if isinstance(said, dict) else response.text


_UNSAID = (Omit, NotGiven)
"""What an option is that is not sent."""
