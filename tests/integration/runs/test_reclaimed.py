"""A worker gets a run back that it has lost, and does not know yet that it had lost it."""

import pytest

from kapell.core.runs.status import RunStatus
from kapell.kit.ids import WorkerId
from kapell.services.runs.advancing.worker import Limits, Worker
from kapell.testing.tools.doubles import SlowTool
from tests.integration.runs.shop import Shop, reached, started, types, until, working

SLOW = "steps: [{id: a, tool: test.slow, with: {n: 1}}]\n"
LONG = 60.0
ANN, BOB = WorkerId("ann"), WorkerId("bob")


@pytest.mark.requirement("DX-03")
async def test_the_former_owner_ends_before_the_new_one_begins(shop: Shop) -> None:
    shop.workflow("slow", SLOW)
    tool = SlowTool()
    async with shop.open({"test.slow": tool}) as app:
        # No beat of its own tells this worker within the test what it has lost.
        worker = Worker(app.desk(ANN), app.store.doorbell, Limits(lease=3 * LONG))
        async with working(app, worker):
            run = await started(app, "slow")
            await tool.begun.wait()
            tool.begun.clear()
            await app.store.log.beat(ANN, {run: 1}, -1.0)
            await app.store.log.beat(BOB, {}, LONG)
            await tool.begun.wait()
            assert tool.cancelled == 1
            assert worker.owned == (run,)
            # Its messages come to the owner of now.
            await app.teller.cancel(run, "enough")
            assert (await reached(app, run)).status is RunStatus.CANCELLED
            await until(lambda: worker.owned == ())
        assert (await types(app, run)).count("run.assigned") == 2
        assert tool.cancelled == 2
