"""How well costs are predicted: a workload over loopback providers at list prices, then another.

Usage: ``python scripts/forecast.py [RUNS]``. The first half of the runs is what forecasts learn
from; the error is that of the second half, whose letters are others.
"""

import asyncio
import os
import random
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from kapell.bootstrap.app import App, open_app
from kapell.core.events.run import RunQueued
from kapell.core.runs.status import RunStatus
from kapell.kit.money import text
from kapell.services.runs.ports import AccuracyRow
from kapell.testing.providers.server import LoopbackProvider
from kapell.testing.providers.usage import by_varied_usage

EVALS = Path(__file__).parents[1] / "evals"
LETTERS = 12


class Outcome(NamedTuple):
    """What a measurement found: errors as shares of the actual cost.

    ``ahead`` is that of runs as they were foreseen before they began.
    """

    first: float
    calls: float
    runs: float
    ahead: float
    total: float
    usd: int


def letters(seed: int) -> list[str]:
    """Return letters of one to fifteen sentences."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    folder = EVALS / "complexity" / "attached"
    texts = " ".join((folder / f"{name}.txt").read_text("utf-8") for name in ("letters", "story"))
    sentences = [one.strip() for one in texts.replace("\n", " ").split(". ") if one.strip()]
    return [". ".join(chance.choices(sentences, k=chance.randint(1, 15))) for _ in range(LETTERS)]


async def measure(
    folder: Path, runs: int, surround: Callable[[Mapping[str, str]], None]
) -> Outcome:
    """Run the workload twice and return the errors of the second passage.

    Args:
        folder: Where the workspace is made.
        runs: How many are learnt from, and how many are predicted.
        surround: Sets the environment variables that lead to the loopback provider.
    """
    (folder / "workflows").mkdir(parents=True)
    (folder / "kapell.yaml").write_text("model: offline\n", "utf-8")
    (folder / "workflows" / "desk.yaml").write_text(
        (EVALS / "forecast" / "desk.yaml").read_text("utf-8"), "utf-8"
    )
    async with LoopbackProvider(by_varied_usage) as provider:
        surround(provider.environment())
        async with open_app(folder) as app:
            await _passage(app, range(runs))
            before = await app.reader.accuracy(app.tenant, "workflow")
            until = app.clock.now()
        # Opened anew, the program looks at what calls used.
        async with open_app(folder) as app:
            await _passage(app, range(1000, 1000 + runs))
            calls = await app.reader.accuracy(app.tenant, "workflow", since=until)
            by_run = await app.reader.accuracy(app.tenant, "run", since=until)
            ahead = await _ahead(app, runs)
            for row in await app.reader.accuracy(app.tenant, "model", since=until):
                print(f"  {_line(row)}")
    return Outcome(
        first=_missed(before),
        calls=_missed(calls),
        runs=sum(abs(one.predicted - one.usd) for one in by_run) / _usd(by_run),
        ahead=ahead,
        total=abs(sum(one.predicted for one in by_run) - _usd(by_run)) / _usd(by_run),
        usd=_usd(by_run),
    )


async def _passage(app: App, seeds: range) -> None:
    for seed in seeds:
        run = (await app.starter.start("desk", {"letters": letters(seed)})).run_id
        await app.run_until_idle(run)
        summary = await app.reader.run(app.tenant, run)
        if summary.status is not RunStatus.SUCCEEDED:
            raise SystemExit(f"the run ended as {summary.status}: {summary.error_code}")


async def _ahead(app: App, runs: int) -> float:
    """Return by which share the last runs were missed by what their first events foresaw."""
    missed, paid = 0, 0
    for run in await app.reader.runs(app.tenant, limit=runs):
        (first,) = await app.reader.events(app.tenant, run.run_id, limit=1)
        if not isinstance(first.payload, RunQueued) or first.payload.forecast is None:
            raise SystemExit(f"the run {run.run_id} was not foreseen")
        missed += abs(first.payload.forecast.usd - run.usd)
        paid += run.usd
    return missed / paid


def _usd(rows: Sequence[AccuracyRow]) -> int:
    return sum(row.usd for row in rows)


def _missed(rows: Sequence[AccuracyRow]) -> float:
    return sum(row.missed for row in rows) / _usd(rows)


def _line(row: AccuracyRow) -> str:
    wrong = abs(row.predicted - row.usd) / row.usd
    return (
        f"{row.group}: {row.calls} calls, predicted {text(row.predicted)}, "
        f"actual {text(row.usd)}: {100 * wrong:.1f} %"
    )


def main() -> None:
    """Measure and write the errors."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory(prefix="kapell-forecast-") as folder:
        found = asyncio.run(measure(Path(folder) / "desk", runs, os.environ.update))
    print(
        f"after {runs} runs, over the {runs} next ones ({text(found.usd)}): "
        f"all together {100 * found.total:.1f} %, a run {100 * found.runs:.1f} %, "
        f"a run before it began {100 * found.ahead:.1f} %, "
        f"a call {100 * found.calls:.1f} % (a call before calibration {100 * found.first:.1f} %)"
    )


if __name__ == "__main__":
    main()
