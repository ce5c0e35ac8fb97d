"""Whether what guards rely on outside of this process works: the anchor's folder, Redis, OPA."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from kapell.adapters.db.maintenance import Finding
from kapell.bootstrap.guarding.limits import counts_of_redis
from kapell.core.guardrails.standing import ProfileName
from kapell.kit.errors import KapellError
from kapell.kit.ids import LOCAL
from kapell.settings.loading import Settings


async def examine_guards(root: Path, settings: Settings) -> list[Finding]:
    """Look over the anchor of the audit record, and the servers that the settings name."""
    found = [_anchor(root / settings.audit.anchor)]
    judge = settings.guardrails.grounding.judge
    if judge:
        found.append(_judge(judge, settings.guardrails.profile))
    redis, opa = settings.limits.redis, settings.policies
    if redis is not None:
        found.append(await _answers("limits in Redis", lambda: _redis(redis.get_secret_value())))
    if opa.judge == "opa":
        found.append(await _answers("policy server", lambda: _opa(settings)))
    return found


def _judge(name: str, profile: ProfileName) -> Finding:
    """Tell what an answer comes to that the judge gives no verdict on; nobody is asked."""
    without = "does not pass" if profile == "strict" else "counts by the rules alone"
    return Finding(
        name="judge of answers",
        ok=True,
        detail=f"{name}; an answer it gives no verdict on {without} (profile {profile})",
    )


def _anchor(folder: Path) -> Finding:
    """Tell whether the heads of the record can be kept; nothing is written."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Finding(name="audit anchor", ok=True, detail=str(folder))
    return Finding(
        name="audit anchor",
        ok=False,
        detail=f"{folder} cannot be written: {there} is no folder that this user may write to",
        advice="Give the user of Kapell the right to write there, or name another folder with the "
        "setting `audit.anchor`; then run `kapell audit anchor --reason TEXT`.",
    )


async def _answers(name: str, ask: Callable[[], Awaitable[None]]) -> Finding:
    try:
        await ask()
    except KapellError as error:
        return Finding(name=name, ok=False, detail=error.message, advice=error.advice)
    return Finding(name=name, ok=True, detail="answers")


async def _redis(url: str) -> None:
    counts = counts_of_redis(url)
    try:
        await counts.days(LOCAL, "doctor", 1)
    finally:
        await counts.close()


async def _opa(settings: Settings) -> None:
    from kapell.adapters.policies.opa.server import (  # noqa: PLC0415 - speaks HTTP: on use
        OpaServer,
    )

    said = settings.policies.opa
    token = "" if said.token is None else said.token.get_secret_value()
    server = OpaServer(said.url, token, said.timeout)
    try:
        await server.modules()
    finally:
        await server.close()
