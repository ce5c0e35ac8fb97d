"""One provider's models behind the port: a request out, an answer in, once and without retries."""

import functools
import ssl
from collections.abc import Collection, Mapping
from typing import Literal
from urllib.parse import quote

import httpx2
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    SystemPromptPart,
    TextPart,
    TextPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
    UserPromptPart,
)
from pydantic_ai.messages import ModelRequest as VendorRequest
from pydantic_ai.models import Model
from pydantic_ai.settings import ModelSettings

from kapell.adapters.llm.remote.errors import translated
from kapell.adapters.llm.remote.structure import Shape, read, shape
from kapell.adapters.llm.remote.vendors import maker
from kapell.adapters.llm.settings import ProviderSettings
from kapell.core.gateway.calls import Message, ModelAnswer, ModelRequest, Usage
from kapell.core.gateway.failures import failure
from kapell.core.gateway.offline import tokens
from kapell.core.gateway.providers import Provider
from kapell.services.gateway.ports import OnDelta

_CONNECT = 10.0
_MOST_CONNECTIONS = 512
_MOST_IDLE = 64
_KEY_HEADER = "Idempotency-Key"
_MOST_TOKENS = 10**9
"""Of one call; a server that reports more is not believed."""
_ASSUMED = ("openai", "azure", "ollama")


@functools.cache
def _trust() -> ssl.SSLContext:
    """Return the certificates we trust; reading them takes a while, once is enough."""
    return httpx2.create_ssl_context()


class RemoteModels:
    """Asks the models of one provider over HTTP.

    Args:
        provider: Which vendor.
        settings: Where it is and the key.
    """

    def __init__(self, provider: Provider, settings: ProviderSettings) -> None:
        self._provider = provider
        self._http = httpx2.AsyncClient(
            verify=_trust(),
            timeout=httpx2.Timeout(None, connect=_CONNECT),
            limits=httpx2.Limits(
                max_connections=_MOST_CONNECTIONS, max_keepalive_connections=_MOST_IDLE
            ),
            follow_redirects=False,
        )
        self._make = maker(provider, settings, self._http)
        self._models: dict[str, Model] = {}

    async def complete(self, request: ModelRequest, on_delta: OnDelta | None = None) -> ModelAnswer:
        """Return the answer of a model; with ``on_delta`` it is streamed.

        Raises:
            KapellError: With one of the codes of `kapell.core.gateway.failures`.
        """
        with translated(self._provider, request.model):
            model = self._model(request.model.partition(":")[2])
            form = shape(model, request.schema)
            messages = [*_messages(request.messages)]
            settings = _settings(request, model)
            if on_delta is None:
                response = await model_request(
                    model,
                    messages,
                    model_settings=settings,
                    model_request_parameters=form.parameters,
                    instrument=False,
                )
            else:
                response = await _streamed(model, messages, settings, form, on_delta)
            return _answer(response, request, form)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _model(self, name: str) -> Model:
        model = self._models.get(name)
        if model is None:
            model = self._models[name] = self._make(name)
        return model


async def _streamed(
    model: Model,
    messages: list[ModelMessage],
    settings: ModelSettings,
    form: Shape,
    on_delta: OnDelta,
) -> ModelResponse:
    """Return a streamed response, telling each piece; one that ends early is no answer."""
    async with model_request_stream(
        model,
        messages,
        model_settings=settings,
        model_request_parameters=form.parameters,
        instrument=False,
    ) as stream:
        async for event in stream:
            if isinstance(event, PartStartEvent):
                piece = _started(event)
            elif isinstance(event, PartDeltaEvent):
                piece = _added(event)
            else:
                continue
            if piece:
                on_delta(piece)
        response = stream.get()
    if response.parts and not _finished(response):
        raise failure("model_unavailable", "The stream of the answer ended before the answer did.")
    return response


def _finished(response: ModelResponse) -> bool:
    """Tell whether the provider said why it stopped: without that, a stream was cut.

    For the OpenAI wire pydantic-ai assumes ``stop``; what was really said is in the details.
    """
    if response.provider_name in _ASSUMED and response.finish_reason != "content_filter":
        return bool((response.provider_details or {}).get("finish_reason"))
    return response.finish_reason is not None


def _started(event: PartStartEvent) -> str:
    part = event.part
    if isinstance(part, TextPart):
        return part.content
    if isinstance(part, ToolCallPart) and isinstance(part.args, str):
        return part.args
    return ""


def _added(event: PartDeltaEvent) -> str:
    delta = event.delta
    if isinstance(delta, TextPartDelta):
        return delta.content_delta
    if isinstance(delta, ToolCallPartDelta) and isinstance(delta.args_delta, str):
        return delta.args_delta
    return ""


def _messages(messages: tuple[Message, ...]) -> list[ModelMessage]:
    """Return our messages as the vendor's: neighbours of one side share a request."""
    made: list[ModelMessage] = []
    parts: list[SystemPromptPart | UserPromptPart] = []
    for message in messages:
        if message.role == "assistant":
            if parts:
                made.append(VendorRequest(parts=parts))
                parts = []
            made.append(ModelResponse(parts=[TextPart(content=message.text)]))
        elif message.role == "system":
            parts.append(SystemPromptPart(content=message.text))
        else:
            parts.append(UserPromptPart(content=message.text))
    if parts:
        made.append(VendorRequest(parts=parts))
    return made


def _settings(request: ModelRequest, model: Model) -> ModelSettings:
    """Return the call's settings; the SDKs must not retry, for that is the run's to decide."""
    settings = ModelSettings(
        max_retries=0,
        timeout=request.timeout,
        request_timeout=request.timeout,
        max_tokens=request.max_output,
    )
    if request.temperature is not None and _samples(model):
        settings["temperature"] = request.temperature
    if request.idempotency_key:
        settings["extra_headers"] = {_KEY_HEADER: quote(request.idempotency_key, safe="/#[]@:.-_!")}
    return settings


def _samples(model: Model) -> bool:
    """Tell whether a model takes a temperature: models that reason refuse it."""
    profile: Mapping[str, object] = dict(model.profile)
    if profile.get("anthropic_disallows_sampling_settings"):
        return False
    if not profile.get("openai_supports_reasoning"):
        return True
    efforts = profile.get("openai_reasoning_efforts")
    quiet = (
        "none" in efforts
        if isinstance(efforts, Collection)
        else bool(profile.get("openai_supports_reasoning_effort_none"))
    )
    return quiet and not profile.get("thinking_enabled_by_default")


def _answer(response: ModelResponse, request: ModelRequest, form: Shape) -> ModelAnswer:
    text, value = read(response, form)
    if not text and response.finish_reason not in ("length", "content_filter"):
        raise failure("model_answer_broken", f"The answer of {request.model} is empty.")
    finish: Literal["stop", "length", "filter"] = "stop"
    if response.finish_reason == "length":
        finish = "length"
    elif response.finish_reason == "content_filter":
        finish = "filter"
    return ModelAnswer(
        text=text,
        value=value,
        model=response.model_name or request.model.partition(":")[2],
        usage=_usage(response, request, text),
        finish=finish,
    )


def _usage(response: ModelResponse, request: ModelRequest, text: str) -> Usage:
    """Return the tokens used; what a server does not report is counted, never taken as nothing."""
    used = response.usage
    asked = sum(tokens.count(message.text) for message in request.messages)
    reasoning = used.details.get("reasoning_tokens", 0) if used.details else 0
    return Usage(
        input_tokens=_believed(used.input_tokens) or asked,
        output_tokens=_believed(used.output_tokens) or tokens.count(text),
        cached_input_tokens=_believed(used.cache_read_tokens),
        reasoning_tokens=_believed(reasoning),
    )


def _believed(reported: int) -> int:
    """Return a number of tokens that can be; a broken server's number must not stop a run."""
    return reported if 0 < reported <= _MOST_TOKENS else 0
