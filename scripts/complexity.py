"""How well prompts are told apart, and what that saves against always asking the strong model.

Usage: ``python scripts/complexity.py [--wrong] [--saving]``. The rules that ship were tuned on
``evals/complexity/tuning.jsonl`` only; ``held_out.jsonl`` says how they do on what they never saw.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kapell.core.gateway.complexity.choosing import CLASSES, choose

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
        text = row["prompt"]
        if "attached" in row:
            part = (FOLDER / "attached" / f"{row['attached']}.txt").read_text(encoding="utf-8")
            text += "\n\n" + "\n".join([part] * row["times"])
        yield Labelled(row["kind"], row["language"], text)


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


def main() -> None:
    """Write accuracy."""
    for half in HALVES:
        accuracy(half, wrong="--wrong" in sys.argv and half == "tuning")


if __name__ == "__main__":
    main()
