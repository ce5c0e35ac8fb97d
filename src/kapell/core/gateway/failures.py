"""The ways a model call fails, each with its code, its class in the tree and what to do about it.

Adapters translate their vendor's errors into these and no others, so that retries, fallbacks and
people need to know one list.
"""

from kapell.kit.errors import Bug, Denied, Invalid, KapellError, Limited, Missing, Unavailable

_CODES: dict[str, tuple[type[KapellError], str]] = {
    "model_rate_limited": (Limited, "Wait and try again, or lower the step's concurrency."),
    "model_unavailable": (Unavailable, "Try again later, or name another model."),
    "quota_spent": (Limited, "Come back when its window ends, or raise it in kapell.yaml."),
    "cost_limit": (Limited, "Raise the limit in kapell.yaml, or come back when its window ends."),
    "model_timeout": (Unavailable, "Raise the step's timeout, or ask for a shorter answer."),
    "model_answer_broken": (
        Unavailable,
        "Try again; if it stays, check that the base URL is the provider's.",
    ),
    "model_key_missing": (Denied, "Set the provider's key in the environment."),
    "model_key_wrong": (Denied, "Check the provider's key."),
    "model_quota_spent": (Denied, "Add credit at the provider, or name another model."),
    "model_unknown": (Missing, "Check the model's name: provider:name, or offline."),
    "model_context_exceeded": (Invalid, "Shorten the prompt, or name a model that reads more."),
    "model_refused": (Invalid, "The provider refuses this request as it is: change it."),
    "model_filtered": (Invalid, "The provider's content filter stopped it: change the prompt."),
    "model_setting_missing": (Invalid, "Complete the provider's settings."),
    "model_dishonest": (Bug, "Report it: an adapter answered in another model's place."),
}

CODES = tuple(_CODES)
"""Every code a model call can fail with, besides those of budgets and the run."""


def failure(
    code: str, message: str, *, advice: str = "", retry_after: float | None = None
) -> KapellError:
    """Return the error of a code, with the code's own advice unless given another.

    Raises:
        KeyError: The code is none of `CODES`.
    """
    kind, usual = _CODES[code]
    return kind(message, code=code, advice=advice or usual, retry_after=retry_after)


def provider_of(model: str) -> str:
    """Return the part of a model's name that says who serves it: ``openai`` of ``openai:gpt-5``."""
    return model.partition(":")[0]
