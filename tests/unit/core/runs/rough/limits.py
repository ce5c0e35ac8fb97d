"""Limits and detached runs for random workflows: what lets parts of a run be cut short."""

import random
from collections.abc import Iterator

from tests.unit.core.runs.strategies import Form


def limited(form: Form, luck: random.Random) -> Form:
    """Return the workflow with timeouts, budgets, child runs and calls that are made but once."""
    for step in _steps(form["steps"]):
        _limit(step, luck)
    if luck.random() < 0.15:
        form["timeout"] = "1s"
    if luck.random() < 0.15:
        form["budget"] = {"tokens": luck.choice([5000, 20_000])}
    return form


def _limit(step: Form, luck: random.Random) -> None:
    if luck.random() < 0.12:
        step["timeout"] = luck.choice(["20ms", "1s", "3s"])
    if luck.random() < 0.08:
        step["budget"] = {"tokens": luck.choice([10, 5000, 20_000])}
    if "tool" in step and luck.random() < 0.2:
        step["tool"] = "once.do"
    if "workflow" in step and luck.random() < 0.5:
        step["detached"] = True
    approval = step.get("approval")
    if isinstance(approval, dict) and luck.random() < 0.5:
        expiry = luck.choice(["fail", "approve", "reject"])
        approval |= {"expires": "2s", "on_expiry": expiry}


def _steps(held: object) -> Iterator[Form]:
    """Yield every step in a part of a workflow, but those that undo."""
    if isinstance(held, list):
        for one in held:
            yield from _steps(one)
    elif isinstance(held, dict):
        if "id" in held:
            yield held
        for key, value in held.items():
            if key != "compensate":
                yield from _steps(value)
