"""A call's intent is durable before anybody is asked; what quotas need is set aside beside it."""

import asyncio

import pytest

from kapell.bootstrap.app import App
from kapell.core.gateway.quotas import Amount
from kapell.services.runs.ports import Append, Appended, RunLog, RunLost
from kapell.testing.providers.server import LoopbackProvider
from tests.integration.runs.shop import LogBetween, Shop, reached, started, until, working

DAY = 86_400.0
QUOTA = "quotas: [{per: tenant, calls: 100, every: 1d}]\n"
ASK = """
steps:
  - {id: a, ask: "Name a colour.", model: "openai:gpt-4o-mini"}
  - {id: b, ask: "Name a shape.", model: "openai:gpt-4o-mini"}
"""


class Held(LogBetween):
    """A log that holds the append back in which the second step's call is asked for."""

    def __init__(self, log: RunLog) -> None:
        super().__init__(log)
        self.reached = asyncio.Event()
        self.free = asyncio.Event()
        self.lost = False

    async def append(self, append: Append) -> Appended:
        """Append, once it may."""
        kinds = [event.type for event in append.events]
        if "model.requested" in kinds and "step.succeeded" in kinds:
            self.reached.set()
            await self.free.wait()
            if self.lost:
                raise RunLost
        return await self._log.append(append)


async def calls(app: App) -> int:
    """Return the calls that count today."""
    used: Amount = await app.store.counts.used(app.tenant, f"tenant={app.tenant}", DAY)
    return used.calls


@pytest.mark.requirement("LG-10", "DX-02")
@pytest.mark.parametrize("lost", [False, True])
async def test_room_is_taken_but_nobody_is_asked_before_the_intent_is_stored(
    any_shop: Shop, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    settings = any_shop.folder / "kapell.yaml"
    settings.write_text(settings.read_text("utf-8") + QUOTA, "utf-8")
    any_shop.workflow("ask", ASK)
    async with LoopbackProvider() as provider:
        for name, value in provider.environment().items():
            monkeypatch.setenv(name, value)
        async with any_shop.open() as app:
            worker = app.worker()
            log = Held.of(app, worker)
            async with working(app, worker):
                run = await started(app, "ask")
                await log.reached.wait()
                async with asyncio.timeout(30):
                    while await calls(app) < 2:  # noqa: ASYNC110 - the store tells nobody
                        await asyncio.sleep(0.01)
                await asyncio.sleep(0.05)
                assert provider.record.received().total() == 1
                log.lost = lost
                log.free.set()
                if lost:
                    await until(lambda: not worker.owned)
                else:
                    await reached(app, run)
            if lost:
                # What the first answered is lost with it: who takes the run over asks again.
                async with working(app):
                    await reached(app, run)
            asked = [2, 1] if lost else [1, 1]
            assert list(provider.record.received().values()) == asked
        async with any_shop.open() as app:
            assert await calls(app) == sum(asked)  # the call nobody made counts no more
