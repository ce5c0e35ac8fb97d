"""Names of models: providers, the two without a key, and the workspace's routes."""

from kapell.core.agents.borrowed import MODELS
from kapell.core.definitions.nearest import nearest
from kapell.core.definitions.problems import Problems
from kapell.core.gateway.routing.route import Route, Routes
from kapell.kit.errors import Place

PROVIDERS = ("openai", "anthropic", "google", "ollama", "azure")
INHERIT = "inherit"
"""What Claude Code's agent files say for "the model of whoever calls me"."""


def is_model(name: str) -> bool:
    """Say whether a name is ``offline``, ``scripted:file`` or ``provider:name``."""
    provider, colon, rest = name.partition(":")
    if not colon:
        return name == "offline"
    return bool(rest) and provider in (*PROVIDERS, "scripted")


def resolve_model(name: str | None, routes: Routes, place: Place, problems: Problems) -> str | None:
    """Return the model a name means; None for ``inherit`` and for names noted as wrong.

    A route that chooses stays a name: which model answers is chosen call by call.
    """
    if name is None or name == INHERIT:
        return None
    if name not in routes and MODELS.get(name) in routes:
        name = MODELS[name]
    meant = routes.get(name, name)
    if isinstance(meant, Route):
        return meant.name
    if is_model(meant):
        return meant
    if "{{" in meant:
        message = "A model is fixed when the workflow is compiled; it cannot be a template."
        problems.error("model_unknown", message, place, "Write the name of the model.")
        return None
    provider, colon, rest = meant.partition(":")
    through = f" (the route `{name}`)" if meant != name else ""
    if colon:
        known = (*PROVIDERS, "scripted")
        near = nearest(provider, known)
        advice = f"Did you mean `{near}:{rest}`?" if near and rest else _PROVIDERS_ADVICE
        message = (
            f"There is no provider `{provider}`{through}."
            if provider not in known
            else f"`{meant}`{through} names a provider but no model."
        )
        problems.error("model_unknown", message, place, advice)
        return None
    near = nearest(meant, ["offline", *routes])
    problems.error(
        "model_unknown",
        f"`{meant}`{through} is neither a model nor a route of kapell.yaml.",
        place,
        f"Did you mean `{near}`?"
        if near
        else f"Write `provider:name`, or add a line `{meant}: provider:name` under `routes:` in "
        "kapell.yaml.",
    )
    return None


_PROVIDERS_ADVICE = f"Providers: {', '.join(f'`{one}`' for one in PROVIDERS)}."
