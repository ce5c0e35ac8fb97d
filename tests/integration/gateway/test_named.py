"""A model named without a route: what its calls do to its breaker is on record, no more."""

from pathlib import Path

import msgspec
import pytest

from kapell.core.events.model import ModelAnswered, ModelFailed
from kapell.core.gateway.calls import ModelAnswer, Usage
from kapell.core.gateway.routing.endings import tries_of
from kapell.kit.errors import KapellError, Unavailable
from kapell.projections.traces.telemetry import telemetry
from kapell.testing.providers.call import Call
from kapell.testing.providers.faults import Fault
from kapell.testing.providers.server import LoopbackProvider
from tests.integration.gateway.conftest import OPENAI, Stage, request
from tests.integration.runs.shop import Shop, facts, reached, started, working

ASK = f"""
steps:
  - id: a
    ask: "Name a colour."
    model: "{OPENAI}"
    retry: {{attempts: 6, backoff: 1ms, max: 1ms}}
  - {{id: b, ask: "Name a shape.", model: "{OPENAI}"}}
"""


def red(call: Call) -> ModelAnswer:
    """Answer under a name of the vendor's own, as vendors do."""
    return ModelAnswer(text="red", model=f"{call.model}-2025-08-07", usage=Usage(1000, 1000))


@pytest.mark.requirement("LG-04", "OB-05")
async def test_what_a_call_does_to_a_breaker_stands_in_its_runs_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path, f"sqlite:///{tmp_path / 'kapell.db'}")
    shop.workflow("ask", ASK)
    async with LoopbackProvider(red) as provider:
        for name, value in provider.environment().items():
            monkeypatch.setenv(name, value)
        provider.faults.add(Fault(kind="server_error", wire="openai", times=5))
        async with shop.open() as app, working(app):
            run = await started(app, "ask")
            summary = await reached(app, run)
            assert summary.status == "succeeded"
            events = await app.histories.events(run)
            failed = [e.payload for e in await facts(app, run, ModelFailed)]
            answered = [e.payload for e in await facts(app, run, ModelAnswered)]
    tries = [
        one.tries for one in (*failed, *answered) if isinstance(one, ModelFailed | ModelAnswered)
    ]
    assert [len(one) for one in tries] == [0, 0, 0, 0, 1, 1, 0]
    opened, closed = tries[4][0], tries[5][0]
    assert (opened.deployment, opened.model, opened.outcome) == (OPENAI, OPENAI, "failed")
    assert (opened.code, opened.reason) == ("model_unavailable", "the model that was named")
    assert opened.turned is not None
    assert opened.turned.breaker == "opened"
    assert closed.turned is not None
    assert (closed.outcome, closed.turned.breaker) == ("answered", "closed")
    first, second = (one for one in answered if isinstance(one, ModelAnswered))
    assert (first.model, first.by) == (OPENAI, "")
    assert first.cost == second.cost > 0
    decided = [one.data for one in telemetry(events) if one.name == "decision_made"]
    assert [(one["by"], one["deployment"], one["chosen"]) for one in decided] == [
        ("breaker", OPENAI, "opened"),
        ("breaker", OPENAI, "closed"),
    ]


async def test_an_error_that_turned_a_breaker_says_all_it_said(stage: Stage) -> None:
    """Its kind, code, advice and pause stay; the others hold no try."""
    gateway = stage.worker()
    stage.provider.faults.add(Fault(kind="away", wire="openai", times=None))
    errors: list[KapellError] = []
    for _ in range(6):
        with pytest.raises(Unavailable) as caught:
            await gateway.complete(msgspec.structs.replace(request(), model=OPENAI))
        errors.append(caught.value)
    assert [len(tries_of(one)) for one in errors] == [0, 0, 0, 0, 1, 0]
    told = [(one.code, one.message, one.advice, one.retry_after) for one in errors]
    assert told == [told[0]] * 6
    assert errors[4].__cause__ is not None
