"""How many planted changes the scorer of groundedness finds, and how often it is wrong.

Usage: ``python scripts/grounding.py [--wrong]``. In the reference set
(``evals/grounding/texts.yaml``) every answer counts twice: as it stands (faithful) and with its
planted change. The scorer was tuned on the even places only; the held-out half says how it does on
what it never saw.
"""

import sys
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import msgspec
from ruamel.yaml import YAML

from kapell.core.guardrails.grounding.answers import THRESHOLD, Grounding, ground
from kapell.core.guardrails.grounding.sources import sources_of
from kapell.kit.shares import told

FILE = Path(__file__).parents[1] / "evals" / "grounding" / "texts.yaml"
KINDS = ("number", "name", "date", "claim")


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A faithful answer, and the change that makes it wrong."""

    text: str
    kind: str
    was: str
    now: str


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A source with its answers."""

    domain: str
    source: str
    answers: tuple[Answer, ...]


class Case(NamedTuple):
    """One answer held against its source; ``planted`` names the kind of change, if there is one."""

    half: str
    source: str
    answer: str
    kind: str
    planted: bool


def cases() -> Iterator[Case]:
    """Yield the 200 cases of the reference set."""
    raw = YAML(typ="safe", pure=True).load(StringIO(FILE.read_text("utf-8")))
    for place, entry in enumerate(msgspec.convert(raw, list[Entry])):
        half = "held out" if place % 2 else "tuning"
        for answer in entry.answers:
            if answer.text.count(answer.was) != 1:
                raise ValueError(f"{answer.was!r} does not stand just once in {answer.text!r}")
            changed = answer.text.replace(answer.was, answer.now)
            yield Case(half, entry.source, answer.text, answer.kind, planted=False)
            yield Case(half, entry.source, changed, answer.kind, planted=True)


def scored(case: Case) -> Grounding:
    """Return what the scorer says of a case."""
    return ground(case.answer, sources_of(case.source))


def flagged(case: Case) -> bool:
    """Tell whether the scorer flags a case."""
    return scored(case).score < THRESHOLD


def table(found: Sequence[Case]) -> Iterator[str]:
    """Yield the lines of the report."""
    for half in ("tuning", "held out", "both"):
        mine = [case for case in found if half in (case.half, "both")]
        planted = [flagged(case) for case in mine if case.planted]
        faithful = [flagged(case) for case in mine if not case.planted]
        yield f"{half}: planted found {told(sum(planted), len(planted))}"
        yield f"{half}: false alarms {told(sum(faithful), len(faithful))}"
    for kind in KINDS:
        hits = [flagged(case) for case in found if case.planted and case.kind == kind]
        yield f"changed {kind}: found {told(sum(hits), len(hits))}"


def wrong(found: Sequence[Case]) -> Iterator[str]:
    """Yield the cases of the tuning half that are judged wrongly; the others stay unseen."""
    for case in found:
        if case.half == "tuning" and flagged(case) != case.planted:
            said = "missed" if case.planted else "false alarm"
            yield f"{said} ({case.kind}): {case.answer}"


def main() -> None:
    """Print the report."""
    found = tuple(cases())
    lines = wrong(found) if "--wrong" in sys.argv else table(found)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
