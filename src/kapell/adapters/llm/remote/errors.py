"""The vendors' errors in our tree. Texts of theirs may hold keys and prompts: none is passed on."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx2
import pydantic
from pydantic_ai import exceptions as vendor

from kapell.adapters.llm.remote.offering import blamed
from kapell.core.gateway.calls import ToolOffer
from kapell.core.gateway.failures import failure
from kapell.core.gateway.providers import Provider
from kapell.kit.errors import KapellError

_CODES: tuple[tuple[type[Exception], str, str], ...] = (
    (vendor.ContentFilterError, "model_filtered", "stopped the answer by its content filter"),
    (vendor.ModelQuotaExceededError, "model_quota_spent", "says that the account is used up"),
    (vendor.ModelRateLimitError, "model_rate_limited", "asks us to slow down"),
    (vendor.ModelRequestTimeout, "model_timeout", "did not answer in time"),
    (vendor.ModelTimeoutError, "model_timeout", "did not answer in time"),
    (vendor.ModelConnectionError, "model_unavailable", "cannot be reached or broke off"),
    (vendor.ModelUnavailableError, "model_unavailable", "is not available"),
    (vendor.ModelServerError, "model_unavailable", "failed on its side"),
    (vendor.ModelContextWindowExceededError, "model_context_exceeded", "cannot read that much"),
    (vendor.ModelAuthenticationError, "model_key_wrong", "does not accept the key"),
    (vendor.ModelNotFoundError, "model_unknown", "does not know the model"),
    (vendor.ModelRequestRejectedError, "model_refused", "refuses the request"),
    (httpx2.TimeoutException, "model_timeout", "did not answer in time"),
    (httpx2.TransportError, "model_unavailable", "cannot be reached or broke off"),
    (ConnectionError, "model_unavailable", "cannot be reached or broke off"),
    (vendor.UserError, "model_refused", "cannot be asked this way"),
)
_TOO_LONG = ("context length", "context window", "too long", "too many tokens", "maximum context")
_TOO_LONG_CODES = ("context_length_exceeded", "request_too_large")
_BROKEN: tuple[type[Exception], ...] = (
    vendor.UnexpectedModelBehavior,
    vendor.ModelAPIError,
    pydantic.ValidationError,
    httpx2.HTTPError,
    json.JSONDecodeError,
    UnicodeDecodeError,
    TypeError,
    AttributeError,
    KeyError,
    IndexError,
    ValueError,
    AssertionError,
    EOFError,
)
"""What the SDKs and pydantic-ai raise on a body they did not expect (found by sending such)."""


@contextmanager
def translated(provider: Provider, model: str, tools: Sequence[ToolOffer] = ()) -> Iterator[None]:
    """Turn whatever a vendor raises inside into an error of our tree, its cause kept."""
    try:
        yield
    except (KapellError, asyncio.CancelledError, TimeoutError):
        raise
    except Exception as error:
        raise _ours(error, provider, model, tools) from error


@contextmanager
def usable(provider: Provider) -> Iterator[None]:
    """Turn what a vendor's SDK raises on settings it cannot work with into an error of our tree."""
    try:
        yield
    except (vendor.UserError, ValueError, TypeError) as error:
        names = [provider.base_url_name, provider.version_name]
        raise failure(
            "model_setting_missing",
            f"{provider.title} cannot be reached with the settings it has.",
            advice=f"Check {' and '.join(name for name in names if name)}: address and version "
            "must go together.",
        ) from error


def _ours(
    error: Exception, provider: Provider, model: str, tools: Sequence[ToolOffer]
) -> KapellError:
    retry_after = error.retry_after if isinstance(error, vendor.ModelAPIError) else None
    status = error.status_code if isinstance(error, vendor.ModelHTTPError) else None
    code, said = _code(error)
    advice = ""
    if code == "model_key_wrong":
        advice = f"Check {' or '.join(provider.key_names)} and what the key may use."
    elif code == "model_unknown":
        advice = (
            f"Check the name after {provider.prefix}: and that {provider.base_url_name} is right."
        )
    elif code == "model_refused" and isinstance(error, vendor.ModelHTTPError):
        tool = blamed(error.body, tools)
        if tool:
            said = f"refuses the tool {tool!r}"
            advice = (
                f"Mend the schema of its arguments (`kapell tools show {tool}`), or take it from "
                "the agent."
            )
    shown = f" (HTTP {status})" if status is not None else ""
    return failure(
        code,
        f"{provider.title} {said}{shown}; asked was {model}.",
        advice=advice,
        retry_after=retry_after,
    )


def _code(error: Exception) -> tuple[str, str]:
    """Return the code of a vendor's error and what happened in words."""
    if isinstance(error, vendor.ModelHTTPError) and _too_long(error):
        return "model_context_exceeded", "cannot read that much"
    for kind, code, said in _CODES:
        if isinstance(error, kind):
            return code, said
    if isinstance(error, vendor.ModelHTTPError):
        if error.status_code >= 500:
            return "model_unavailable", "failed on its side"
        if error.status_code == 408:
            return "model_timeout", "did not answer in time"
        return "model_refused", "refuses the request"
    if isinstance(error, _BROKEN):
        return "model_answer_broken", "sent an answer that cannot be read"
    return "model_unavailable", f"failed in a way we do not know ({type(error).__name__})"


def _too_long(error: vendor.ModelHTTPError) -> bool:
    """Tell whether a refusal means the prompt is too long: only one vendor has a code for it."""
    if error.status_code not in (400, 413, 422):
        return False
    if error.provider_error_code in _TOO_LONG_CODES or error.status_code == 413:
        return True
    body = str(error.body).lower()
    return any(words in body for words in _TOO_LONG)
