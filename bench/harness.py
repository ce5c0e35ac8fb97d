"""The bench itself: prepares peers and server, lets the contestants take turns, writes results."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import environments, subprocesses
from bench.figures import Measured, Metric, of_round
from bench.goals import GOALS
from bench.machine import look
from bench.rendering import (
    goal_table,
    outcomes,
    page,
    plain,
    profile_table,
    sample_table,
)
from bench.servers import Postgres, loopback, postgres
from bench.works import WORKS, Contestant, Work, script

_WITH_GOAL = frozenset(goal.figure for goal in GOALS)
RESULTS = environments.HERE / "RESULTS.md"


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    names = [work.name for work in WORKS]
    parser.add_argument(
        "--only", action="append", choices=names, help="only this work (repeatable)"
    )
    parser.add_argument("--rounds", type=int, help="rounds of every work")
    parser.add_argument("--quick", action="store_true", help="one round of little")
    parser.add_argument("--write", action="store_true", help="write RESULTS.md in any case")
    return parser.parse_args()


@contextmanager
def workplace() -> Iterator[Path]:
    """Yield a folder on the checkout's disk, deleted at the end."""
    environments.WORK.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=environments.WORK))
    folder.chmod(0o755)  # the server runs as a user of its own
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Bench:
    """Runs works and keeps what they measured."""

    def __init__(self, server: Postgres, folder: Path, *, quick: bool, rounds: int | None) -> None:
        self.measured = Measured()
        self._server = server
        self._folder = folder
        self._quick = quick
        self._rounds = rounds
        self._provider = ""

    def do(self, work: Work) -> None:
        """Let the contestants of a work take turns."""
        rounds = self._rounds or (1 if self._quick else work.rounds)
        if work.provider:
            with loopback() as self._provider:
                self._take_turns(work, rounds)
        elif work.turns:
            self._take_turns(work, rounds)
        else:
            self._one_after_another(work, rounds)

    def _one_after_another(self, work: Work, rounds: int) -> None:
        chosen = {one.name: one.variants for one in work.contestants}
        for turn in range(1, rounds + 1):
            for contestant in work.contestants:
                for variant in chosen[contestant.name]:
                    self._turn(work, contestant, variant, turn)
            if turn == 1:
                chosen = {one.name: self._choose(work, one) for one in work.contestants}

    def _take_turns(self, work: Work, rounds: int) -> None:
        """Keep all contestants up; only the one whose turn it is runs."""
        begun = time.monotonic()
        with ExitStack() as stack:
            players: list[tuple[Contestant, str, subprocesses.Player]] = []
            for contestant in work.contestants:
                for variant in contestant.variants:
                    folder, command = self._prepared(stack, work, contestant, variant)
                    player = subprocesses.Player(command, folder)
                    stack.callback(player.kill)
                    said = player.ready(work.timeout)
                    self._keep(work, contestant, variant, 1, said)
                    if not said.failure:
                        players.append((contestant, variant, player))
            for number in range(rounds * work.turns):
                for contestant, variant, player in list(players):
                    said = player.turn(work.timeout)
                    self._keep(work, contestant, variant, number // work.turns + 1, said)
                    if said.failure:
                        players.remove((contestant, variant, player))
            for contestant, variant, player in players:
                self._keep(work, contestant, variant, 1, player.end(30))
        print(f"  {work.name}: {rounds} rounds in {time.monotonic() - begun:.1f} s", flush=True)

    def _prepared(
        self, stack: ExitStack, work: Work, contestant: Contestant, variant: str
    ) -> tuple[Path, list[str | Path]]:
        """Return a fresh folder and the command, with a fresh store if the work has one."""
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        command: list[str | Path] = [contestant.interpreter, script(contestant)]
        command += work.arguments(quick=self._quick)
        if variant:
            command += ["--variant", variant]
        if contestant.script.endswith("_runs.py"):
            command += ["--store", work.store]
        else:
            command += ["--folder", folder]
        if work.store == "postgres":
            command += ["--at", stack.enter_context(self._server.database(contestant.name))]
        elif work.store == "sqlite":
            command += ["--at", folder / "bench.db"]
        if work.provider:
            command += ["--provider", self._provider]
        return folder, command

    def _turn(self, work: Work, contestant: Contestant, variant: str, turn: int) -> None:
        begun = time.monotonic()
        with ExitStack() as stack:
            folder, command = self._prepared(stack, work, contestant, variant)
            said = subprocesses.run(command, folder, work.timeout)
        self._keep(work, contestant, variant, turn, said)
        where = f"{work.name} {contestant.name} {variant}".strip()
        result = said.failure or "done"
        print(f"  {where}, round {turn}: {result} in {time.monotonic() - begun:.1f} s", flush=True)

    def _keep(
        self, work: Work, contestant: Contestant, variant: str, turn: int, said: subprocesses.Said
    ) -> None:
        measured = self.measured
        for fact in said.facts:
            match fact:
                case {"kind": "sample", "metric": str(metric), "value": int() | float() as value}:
                    # A variant of the starting commands is the contestant itself.
                    name = "" if len(contestant.variants) == 1 else variant
                    full = Metric(f"{work.name}.{metric}")
                    measured.add(contestant.name, name, full, turn, value)
                case {"kind": "setting", "name": str(name), "value": value}:
                    measured.settings[work.name, contestant.name, name] = str(value)
                case {"kind": "note", "text": str(text)} if text not in measured.notes:
                    measured.notes.append(text)
        if said.failure:
            where = f"{work.name}, {contestant.name} {variant}".strip()
            measured.failures.append(f"{where}, round {turn}: {said.failure}")

    def _choose(self, work: Work, contestant: Contestant) -> tuple[str, ...]:
        """Return the variants that were best in a metric that has a goal."""
        if len(contestant.variants) == 1:
            return contestant.variants
        best: set[str] = set()
        for metric in self.measured.metrics(contestant.name, work.name):
            if metric not in _WITH_GOAL:
                continue
            values = {
                variant: of_round("p50", rounds[1])
                for (who, variant, what), rounds in self.measured.samples.items()
                if (who, what) == (contestant.name, metric) and 1 in rounds
            }
            pick = max if metric.removeprefix(f"{work.name}.") in work.higher else min
            best.add(pick(values, key=lambda variant: values[variant]))
        return tuple(variant for variant in contestant.variants if variant in best)


def report(measured: Measured, names: Sequence[str]) -> None:
    """Print the tables of what was measured."""
    print()
    print(plain(sample_table(measured)))
    if "profile" in names:
        print()
        print(plain(profile_table(measured)))
        for note in measured.notes:
            print(note)
    print()
    held = [one for one in outcomes(measured) if one.goal.figure.partition(".")[0] in names]
    print(plain(goal_table(held), most=90))
    for failure in measured.failures:
        print(f"failed: {failure}")


def main() -> None:
    """Run the bench."""
    asked = arguments()
    works = [work for work in WORKS if not asked.only or work.name in asked.only]
    names = [work.name for work in works]
    wanted = {one.peer for work in works for one in work.contestants if one.peer}
    for peer in environments.SHOWN:
        if peer in wanted:
            environments.prepare(peer)
    machine = look(environments.HERE)
    with workplace() as folder, postgres(folder) as server:
        bench = Bench(server, folder, quick=asked.quick, rounds=asked.rounds)
        try:
            for work in works:
                print(work.name, flush=True)
                bench.do(work)
        except KeyboardInterrupt:
            print("interrupted: what was measured so far", flush=True)
            report(bench.measured, names)
            sys.exit(130)
        report(bench.measured, names)
        if asked.write or not (asked.only or asked.quick):
            command = " ".join([".venv/bin/python", "bench/run.py", *sys.argv[1:]])
            RESULTS.write_text(page(bench.measured, machine, server.version, command))
            print(f"\nwritten: {RESULTS.relative_to(environments.HERE.parent)}")
    sys.exit(1 if bench.measured.failures else 0)


if __name__ == "__main__":
    main()
