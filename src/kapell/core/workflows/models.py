"""Names of models: providers, the two without a key, and the workspace's routes."""

import msgspec

from kapell.core.agents.borrowed import MODELS
from kapell.core.definitions.limits import judge_inherited
from kapell.core.definitions.nearest import nearest
from kapell.core.definitions.problems import Problems
from kapell.core.gateway.routing.route import Route, Routes
from kapell.core.guardrails.grounding.demand import Grounded
from kapell.core.workflows.pins import WorkspaceDefaults
from kapell.kit.errors import Place

PROVIDERS = ("openai", "anthropic", "google", "ollama", "azure")
INHERIT = "inherit"
"""What Claude Code's agent files say for "the model of whoever calls me"."""
NO_JUDGE = "off"
"""What stands in place of a judge where none is asked, whatever the workspace says."""


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


def judged(held: Grounded | None, defaults: WorkspaceDefaults) -> Grounded | None:
    """Return what is demanded of an answer, with the judge of the workspace if it names none."""
    if held is None:
        return None
    name = held.judge or defaults.judge
    if name in (None, NO_JUDGE):
        return held if held.judge is None else msgspec.structs.replace(held, judge=None)
    nowhere = Place(file="", line=0, column=0)
    judge = resolve_model(name, defaults.routes, nowhere, Problems()) or name
    return msgspec.structs.replace(held, judge=judge)


def check_judge(name: str | None, routes: Routes, place: Place, problems: Problems) -> None:
    """Note a judge that is no model, or one that judges nothing."""
    if name == NO_JUDGE:
        return
    if name == INHERIT:
        judge_inherited(place, problems)
    elif resolve_model(name, routes, place, problems) == "offline":
        problems.error(
            "judge_offline",
            "The offline model cannot judge: it knows no more than the scorer does.",
            place,
            f"Name a model of a provider, or `{NO_JUDGE}` to ask none.",
        )


_PROVIDERS_ADVICE = f"Providers: {', '.join(f'`{one}`' for one in PROVIDERS)}."
