"""How well prompts are told apart, and what that saves against always asking the strong model.

Usage: ``python scripts/complexity.py [--wrong] [--saving]``. The rules that ship were tuned on
``evals/complexity/tuning.jsonl`` only; ``held_out.jsonl`` says how they do on what they never saw.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from kapell.bootstrap.app import open_app
from kapell.core.gateway.complexity.choosing import CLASSES, choose
from kapell.core.policies.caller import Caller
from kapell.kit.money import text
from kapell.services.gateway.comparing import Contrast, Item, contrast
from kapell.testing.providers.server import LoopbackProvider
from kapell.testing.providers.usage import by_varied_usage

FOLDER = Path(__file__).parents[1] / "evals" / "complexity"
HALVES = ("tuning", "held_out")


class Labelled(NamedTuple):
    """One prompt with what it is."""

    kind: str
    language: str
    prompt: str


def labelled(half: str) -> Iterator[Labelled]:
    """Yield the prompts of one half, with what is attached to them."""
    for line in (FOLDER / f"{half}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        prompt = row["prompt"]
        if "attached" in row:
            part = (FOLDER / "attached" / f"{row['attached']}.txt").read_text(encoding="utf-8")
            prompt += "\n\n" + "\n".join([part] * row["times"])
        yield Labelled(row["kind"], row["language"], prompt)


def accuracy(half: str, *, wrong: bool = False) -> float:
    """Return the share of prompts told rightly; write it by group."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    took: list[float] = []
    choose("warm")
    for one in labelled(half):
        began = time.perf_counter()
        choice = choose(one.prompt)
        took.append(1e3 * (time.perf_counter() - began))
        groups = [one.kind, "all"] + ([] if one.language == "en" else ["other languages"])
        for group in groups:
            total[group] += 1
            right[group] += choice.kind == one.kind
        if wrong and choice.kind != one.kind:
            print(f"  {one.kind}: {one.prompt[:100]!r}\n      -> {choice.reason}")
    shown = ", ".join(
        f"{group} {right[group]}/{total[group]}" for group in (*CLASSES, "other languages", "all")
    )
    share = right["all"] / total["all"]
    print(f"{half}: {100 * share:.1f} % ({shown}); {shown_times(took)}")
    return share


def shown_times(milliseconds: list[float]) -> str:
    """Return the middle and the 95th of 100 times."""
    ordered = sorted(milliseconds)
    middle, late = ordered[len(ordered) // 2], ordered[len(ordered) * 95 // 100]
    return f"{middle:.2f} ms, 95th of 100 {late:.2f} ms"


async def saving(
    folder: Path, halves: Sequence[str], surround: Callable[[Mapping[str, str]], None]
) -> Contrast:
    """Return what the route by complexity does against the strong model, at list prices.

    Args:
        folder: Where a workspace is made.
        halves: Which prompts are asked, each once.
        surround: Sets the environment variables that lead to the loopback provider.
    """
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - before anything begins
    (folder / "kapell.yaml").write_text((FOLDER / "kapell.yaml").read_text("utf-8"), "utf-8")
    items = [Item(prompt=one.prompt) for half in halves for one in labelled(half)]
    async with LoopbackProvider(by_varied_usage) as provider:
        surround(provider.environment())
        async with open_app(folder) as app:
            strong = str(app.settings.definitions.routes["strong"])
            door, quote = app.gateway, app.prices.quote
            caller = Caller(tenant=app.tenant)
            return await contrast(door, quote, (strong, "smart"), items, caller=caller)


def _tell(found: Contrast) -> None:
    for side in (found.first, found.second):
        who = ", ".join(f"{model} x{count}" for model, count in side.models.items())
        print(f"{side.name}: {text(side.usd)} for {side.calls} calls ({who})")
    print(f"saved: {100 * (found.saving or 0):.1f} %")


def main() -> None:
    """Write accuracy, and with ``--saving`` what it is good for."""
    for half in HALVES:
        accuracy(half, wrong="--wrong" in sys.argv and half == "tuning")
    if "--saving" in sys.argv:
        with tempfile.TemporaryDirectory(prefix="kapell-complexity-") as folder:
            _tell(asyncio.run(saving(Path(folder), HALVES, os.environ.update)))


if __name__ == "__main__":
    main()
