"""One provider's models behind the port: a request out, an answer in, once and without retries."""

import functools
import ssl
from collections.abc import Collection, Mapping
from urllib.parse import quote

import httpx2
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
)
from pydantic_ai.models import Model
from pydantic_ai.settings import ModelSettings

from kapell.adapters.llm.remote.answers import answer
from kapell.adapters.llm.remote.errors import translated, usable
from kapell.adapters.llm.remote.messages import vendor_messages
from kapell.adapters.llm.remote.structure import Fittings, Shape, shape
from kapell.adapters.llm.remote.vendors import maker
from kapell.adapters.llm.settings import ProviderSettings
from kapell.core.gateway.calls import ModelAnswer, ModelRequest
from kapell.core.gateway.failures import failure
from kapell.core.gateway.providers import Provider
from kapell.services.gateway.ports import OnDelta

_CONNECT = 10.0
_MOST_CONNECTIONS = 512
_MOST_IDLE = 64
_KEY_HEADER = "Idempotency-Key"
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
            headers=dict(settings.headers),
            timeout=httpx2.Timeout(None, connect=_CONNECT),
            limits=httpx2.Limits(
                max_connections=_MOST_CONNECTIONS, max_keepalive_connections=_MOST_IDLE
            ),
            follow_redirects=False,
        )
        with usable(provider):
            self._make = maker(provider, settings, self._http)
        self._models: dict[str, Model] = {}
        self._fittings = Fittings()
        # Whoever speaks a vendor's wire elsewhere is most likely one that decodes by a grammar.
        self._by_grammar = provider.prefix == "ollama" or (
            provider.prefix == "openai" and bool(settings.base_url)
        )

    async def complete(self, request: ModelRequest, on_delta: OnDelta | None = None) -> ModelAnswer:
        """Return the answer of a model; with ``on_delta`` it is streamed.

        Raises:
            KapellError: With one of the codes of `kapell.core.gateway.failures`.
        """
        with translated(self._provider, request.model, request.tools):
            model = self._model(request.model.partition(":")[2])
            form = shape(model, request, self._fittings, by_grammar=self._by_grammar)
            messages = vendor_messages(
                request.messages, self._provider.prefix, model.system, form.keys
            )
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
                told = _silent if form.answer_keys else on_delta
                response = await _streamed(model, messages, settings, form, told)
            made = answer(response, request, form)
            if on_delta is not None and form.answer_keys and made.text:
                # Pieces of it would show the wire's keys: it is told once, with ours.
                on_delta(made.text)
            return made

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _model(self, name: str) -> Model:
        model = self._models.get(name)
        if model is None:
            model = self._models[name] = self._make(name)
        return model


def _silent(_: str) -> None:
    """Tell nobody a piece."""


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
        answering: set[int] = set()
        async for event in stream:
            if isinstance(event, PartStartEvent):
                if isinstance(event.part, ToolCallPart) and not form.holds_answer(event.part):
                    continue
                answering.add(event.index)
                piece = _started(event)
            elif isinstance(event, PartDeltaEvent) and event.index in answering:
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
    if isinstance(part, ToolCallPart) and part.args:
        # One vendor gives arguments whole, as an object.
        return part.args if isinstance(part.args, str) else part.args_as_json_str()
    return ""


def _added(event: PartDeltaEvent) -> str:
    delta = event.delta
    if isinstance(delta, TextPartDelta):
        return delta.content_delta
    if isinstance(delta, ToolCallPartDelta) and isinstance(delta.args_delta, str):
        return delta.args_delta
    return ""


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
