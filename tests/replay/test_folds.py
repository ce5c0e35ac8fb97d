"""However a log is kept, it folds to the same: databases, snapshots, exports, older payloads."""

import asyncio
import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapell.adapters.db import Store, open_store
from kapell.adapters.db.upgrading import upgrade_postgres
from kapell.core.events.codec import VERSION, Upcast, dump, load
from kapell.core.events.envelope import Event
from kapell.core.events.published import kinds
from kapell.core.events.run import RunQueued
from kapell.core.runs.changes import row_of
from kapell.core.runs.fold import fold
from kapell.core.runs.program import Program
from kapell.core.runs.state import FOLD, State
from kapell.core.runs.status import RunStatus
from kapell.core.workflows.version import Version, version_hash
from kapell.kit.ids import LOCAL, EventId, RunId, sortable
from kapell.kit.json import Json, decode, encode
from kapell.services.runs.advancing.snapshots import opened, sealed
from kapell.services.runs.porting.porter import Porter
from kapell.services.runs.ports import Claim, NewRun
from kapell.services.runs.reading import Histories
from kapell.services.runs.versions import Versions
from tests.drawing import examples
from tests.unit.core.runs.driving import Driver
from tests.unit.core.runs.strategies import FATES, Fate, versions

_NUMBERS = itertools.count(1)


class Keeper:
    """A database, and what reads and moves its runs."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.versions = Versions(store.starts)
        self.histories = Histories(LOCAL, store.reader, store.artifacts, self.versions)
        self.porter = Porter(
            LOCAL, "", store.starts, store.reader, store.artifacts, self.histories, self.versions
        )

    async def keep(self, version: Version, log: tuple[Event, ...], state: State) -> None:
        """Store a log as a run's."""
        name = version_hash(version)
        await self.versions.save(LOCAL, name, version)
        new = NewRun(
            tenant_id=LOCAL,
            run_id=log[0].run_id,
            workflow=version.name,
            version=name,
            events=log,
            artifacts={},
            row=row_of(state, None),
        )
        await self.store.starts.start([new])

    async def folded(self, run: RunId) -> State:
        """Return the fold of what is stored of a run."""
        return (await self.histories.state(await self.histories.events(run)))[1]

    async def folded_from(self, program: Program, prefix: State) -> State:
        """Return the fold that begins with a stored snapshot."""
        run, seq = prefix.run_id, prefix.seq
        await self.store.log.save_snapshot(LOCAL, run, sealed(prefix))
        history = await self.store.log.load(LOCAL, run, FOLD)
        assert history.snapshot is not None
        claim = Claim(
            tenant_id=LOCAL,
            run_id=run,
            workflow="w",
            version=version_hash(program.version),
            epoch=1,
            seq=seq + len(history.events),
            takeovers=0,
            status=RunStatus.RUNNING,
        )
        state = opened(history.snapshot, claim)
        assert state is not None
        assert state.seq == seq
        return fold(program, history.events, state)


def log_of(driver: Driver) -> tuple[Event, ...]:
    """Return a simulated log as a real run's: with ids that stores and exports take."""
    run = RunId(sortable(driver.sim.now, next(_NUMBERS)))
    return tuple(
        msgspec.structs.replace(
            event, id=EventId(f"{run}-{event.seq}"), run_id=run, correlation_id=run
        )
        for event in driver.sim.events
    )


def _aged(payload: Mapping[str, Json]) -> dict[str, Json]:
    """Return a payload as a release before the first might have written it."""
    return {f"old_{name}": value for name, value in payload.items()}


def _lifted(payload: dict[str, Json]) -> dict[str, Json]:
    return {name.removeprefix("old_"): value for name, value in payload.items()}


UPCASTS: Mapping[tuple[str, int], Upcast] = {(kind, VERSION - 1): _lifted for kind, _ in kinds()}


def upcast(event: Event) -> Event:
    """Return an event whose stored text was of an older release and has been lifted."""
    now = decode(dump(event.payload))
    assert isinstance(now, dict)
    older = encode({**_aged(now), "type": now["type"]} if "type" in now else _aged(now)).decode()
    return msgspec.structs.replace(event, payload=load(event.type, VERSION - 1, older, UPCASTS))


@contextmanager
def keepers(folder: Path, url: str) -> Iterator[tuple[asyncio.Runner, list[Keeper]]]:
    """Yield the two databases, open, and the loop they live in."""
    with asyncio.Runner() as runner:
        runner.run(upgrade_postgres(url))
        stores = [open_store(f"sqlite:///{folder / 'runs.db'}"), open_store(url)]
        for store in stores:
            runner.run(store.open())
        try:
            yield runner, [Keeper(store) for store in stores]
        finally:
            for store in stores:
                runner.run(store.close())


async def compare(kept: list[Keeper], version: Version, log: tuple[Event, ...], cut: int) -> None:
    """Keep a log in every way there is, and see that nothing else comes out."""
    program = Program(version)
    wanted = fold(program, log)
    run = wanted.run_id
    assert fold(program, map(upcast, log)) == wanted
    here, there = kept
    await here.keep(version, log, wanted)
    file = await here.porter.export(run)
    assert await there.porter.load(file) == run
    taken = tuple(await there.histories.events(run))
    assert _believed_nothing(taken, log)
    for keeper, kept_log in ((here, log), (there, taken)):
        state = fold(program, kept_log)
        assert tuple(await keeper.histories.events(run)) == kept_log
        assert await keeper.folded(run) == state
        prefix = fold(program, kept_log[: 1 + cut % len(log)])
        assert await keeper.folded_from(program, prefix) == state


def _believed_nothing(taken: tuple[Event, ...], log: tuple[Event, ...]) -> bool:
    """Tell whether a log came through an import as it was, but for whose word it is."""
    first, queued = taken[0], taken[0].payload
    was = log[0].payload
    assert isinstance(queued, RunQueued)
    assert isinstance(was, RunQueued)
    assert queued.label == ("web",)
    assert queued.imported == len(log)
    same = {"labels": was.labels, "label": was.label, "guards": was.guards, "imported": 0}
    again = msgspec.structs.replace(first, payload=msgspec.structs.replace(queued, **same))
    return (again, *taken[1:]) == log


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.requirement("DX-07", "DX-11")
def test_a_log_folds_alike_however_it_is_kept(tmp_path: Path, postgres_dsn: str) -> None:
    """Invariant 6, over random workflows: half of them go from SQLite to Postgres, half back."""
    with keepers(tmp_path, postgres_dsn) as (runner, kept):

        @settings(max_examples=examples(60))
        @given(
            versions(),
            FATES,
            st.integers(0, 2**32),
            st.sampled_from([0, 25]),
            st.integers(0, 1000),
            st.booleans(),
        )
        def alike(
            version: Version, fate: Fate, seed: int, trouble: int, cut: int, back: bool
        ) -> None:
            driver = Driver(version, fate, seed, trouble=trouble)
            driver.run()
            order = kept[::-1] if back else kept
            runner.run(compare(order, version, log_of(driver), cut))

        alike()
