"""A worker of its own process: claims and ends runs until none is due, and prints which."""

import asyncio
import sys

from kapell.adapters.db import open_store
from kapell.core.events.codec import VERSION
from kapell.kit.ids import WorkerId
from tests.contract.stores.runs import ENDED, decision


async def work(url: str, worker: WorkerId) -> list[str]:
    """Return the runs this worker brought to an end."""
    store = open_store(url)
    await store.open()
    mine: list[str] = []
    try:
        await store.log.beat(worker, {}, 60.0)
        while claims := (await store.log.claim(worker, 5, {}, VERSION)).claims:
            await asyncio.gather(
                *(store.log.append(decision(one, worker=worker, row=ENDED)) for one in claims)
            )
            mine += [one.run_id for one in claims]
    finally:
        await store.close()
    return mine


if __name__ == "__main__":
    sys.stdout.write(" ".join(asyncio.run(work(sys.argv[1], WorkerId(sys.argv[2])))))
