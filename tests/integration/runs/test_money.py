"""Budgets through real rows: what the log says is what the ledger says."""

import pytest

from kapell.core.events.budget import BudgetExceeded, BudgetSettled
from kapell.core.events.model import ModelAnswered
from kapell.core.runs.status import RunStatus
from kapell.testing.providers.server import LoopbackProvider
from tests.integration.runs.shop import Shop, facts, folded, reached, started, working

MANY = """
budget: {usd: %s}
steps:
  - id: all
    for_each: "{{ range(8) | list }}"
    as: n
    concurrency: 4
    ask: "Write about number {{ n }}."
    model: "openai:gpt-4o-mini"
"""


@pytest.mark.requirement("GR-07", "SA-02", "OB-08")
async def test_the_ledger_sums_to_what_the_events_say(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    any_shop.workflow("many", MANY % "1")
    async with LoopbackProvider() as provider:
        for name, value in provider.environment().items():
            monkeypatch.setenv(name, value)
        async with any_shop.open() as app, working(app):
            run = await started(app, "many")
            summary = await reached(app, run)
            assert summary.status is RunStatus.SUCCEEDED
            settled = [e.payload for e in await facts(app, run, BudgetSettled)]
            answered = [e.payload for e in await facts(app, run, ModelAnswered)]
            for by in ("run", "model", "step", "provider", "workflow"):
                (row,) = await app.reader.costs(app.tenant, by)
                assert (row.calls, row.reserved) == (8, 0)
                assert row.usd == summary.usd == (await folded(app, run)).usd
                assert row.input_tokens + row.output_tokens == summary.tokens
            assert summary.usd == sum(one.usd for one in settled if isinstance(one, BudgetSettled))
            assert summary.usd == sum(
                one.cost for one in answered if isinstance(one, ModelAnswered)
            )
            assert summary.usd > 0


@pytest.mark.requirement("GR-07")
async def test_a_run_stops_at_its_budget(any_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    any_shop.workflow("many", MANY % "0.0026")
    async with LoopbackProvider() as provider:
        for name, value in provider.environment().items():
            monkeypatch.setenv(name, value)
        async with any_shop.open() as app, working(app):
            run = await started(app, "many")
            summary = await reached(app, run)
            assert (summary.status, summary.error_code) == (RunStatus.FAILED, "budget_exceeded")
            assert summary.usd <= 2_600_000
            assert await facts(app, run, BudgetExceeded)
            (row,) = await app.reader.costs(app.tenant, "run")
            assert (row.usd, row.reserved) == (summary.usd, 0)
            assert provider.record.received().total() < 8
