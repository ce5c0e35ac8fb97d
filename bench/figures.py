"""Figures out of samples: a statistic per round, the median over the rounds, and the spread."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NewType, assert_never

from bench.goals import AtMost, Faster, Goal, Statistic, Within

Metric = NewType("Metric", str)
"""``work.metric``."""


def of_round(statistic: Statistic, values: Sequence[float]) -> float:
    """Return the statistic of one round's samples."""
    ordered = sorted(values)
    match statistic:
        case "p50":
            return statistics.median(ordered)
        case "p95":
            return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
        case "max":
            return ordered[-1]
        case "sum":
            return sum(ordered)
        case _:
            assert_never(statistic)


@dataclass(frozen=True)
class Figure:
    """The median over the rounds, and the best and worst round."""

    value: float
    low: float
    high: float
    rounds: int
    variant: str = ""


@dataclass
class Measured:
    """What was measured so far: samples by contestant, variant, metric and round."""

    samples: dict[tuple[str, str, Metric], dict[int, list[float]]] = field(default_factory=dict)
    settings: dict[tuple[str, str, str], str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def add(self, contestant: str, variant: str, metric: Metric, turn: int, value: float) -> None:
        """Keep one sample."""
        rounds = self.samples.setdefault((contestant, variant, metric), {})
        rounds.setdefault(turn, []).append(value)

    def metrics(self, contestant: str, work: str) -> tuple[Metric, ...]:
        """Return the metrics a contestant gave for a work, in the order they came."""
        found = {
            metric: None
            for who, _, metric in self.samples
            if who == contestant and metric.startswith(f"{work}.")
        }
        return tuple(found)

    def figures(self, contestant: str, metric: Metric, statistic: Statistic) -> Sequence[Figure]:
        """Return a contestant's figure for every variant it was measured in."""
        found = []
        for (who, variant, what), rounds in self.samples.items():
            if (who, what) == (contestant, metric):
                values = [of_round(statistic, rounds[turn]) for turn in sorted(rounds)]
                found.append(
                    Figure(
                        statistics.median(values), min(values), max(values), len(values), variant
                    )
                )
        return found

    def best(
        self, contestant: str, metric: Metric, statistic: Statistic, *, higher: bool
    ) -> Figure | None:
        """Return the figure of a contestant's best variant."""
        found = self.figures(contestant, metric, statistic)
        if not found:
            return None
        # A variant that was dropped after the first round competes only if no other was kept on.
        most = max(figure.rounds for figure in found)
        kept = [figure for figure in found if figure.rounds == most]
        return (max if higher else min)(kept, key=lambda figure: figure.value)


@dataclass(frozen=True)
class Outcome:
    """A goal held against what was measured; ``reached`` None when it could not be measured."""

    goal: Goal
    ours: Figure | None
    others: Mapping[str, Figure]
    ratio: float | None
    """Faster: how many times better; Within: how many times theirs; AtMost: share of the limit."""
    reached: bool | None

    @property
    def rival(self) -> str:
        """Return the best of the others, "" when there is none."""
        if not self.others:
            return ""
        pick = max if self.goal.higher else min
        return pick(self.others, key=lambda name: self.others[name].value)


def judge(goal: Goal, measured: Measured) -> Outcome:
    """Hold one goal against what was measured."""
    metric = Metric(goal.figure)
    ours = measured.best(goal.ours, metric, goal.statistic, higher=goal.higher)
    others: dict[str, Figure] = {}
    for name in _rivals(goal):
        figure = measured.best(name, metric, goal.statistic, higher=goal.higher)
        if figure is not None:
            others[name] = figure
    if ours is None or len(others) < len(_rivals(goal)):
        return Outcome(goal, ours, others, None, None)
    match goal.target:
        case AtMost(value=limit):
            return Outcome(
                goal, ours, others, ours.value / limit if limit else None, ours.value <= limit
            )
        case Within(times=times, of=name):
            ratio = ours.value / others[name].value
            return Outcome(goal, ours, others, ratio, ratio <= times)
        case Faster(times=times):
            values = [figure.value for figure in others.values()]
            ratio = ours.value / max(values) if goal.higher else min(values) / ours.value
            return Outcome(goal, ours, others, ratio, ratio >= times)


def _rivals(goal: Goal) -> tuple[str, ...]:
    match goal.target:
        case Faster(than=names):
            return names
        case Within(of=name):
            return (name,)
        case AtMost():
            return ()
