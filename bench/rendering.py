"""The results: a table for the terminal and the page ``bench/RESULTS.md``."""

from collections.abc import Sequence

from bench.environments import SHOWN, pins
from bench.figures import Figure, Measured, Metric, Outcome, judge
from bench.goals import GOALS, AtMost, Faster, Within
from bench.machine import Machine
from bench.works import WORKS

WHY = """\
- Every step waits for the disk once, here as with the peers: `floor` says what that alone costs. \
On SQLite it is about a third of our step; on Postgres, with the way to the server and back, more \
than half. A goal of several times faster than a peer that pays the same floor leaves little \
beyond it.
- What is ours is listed above: handing over to the one thread that writes, statements, \
decisions; on Postgres most of all the server's own work for an append.
- Letting steps that change nothing outside begin before the disk has answered would take most \
commits out of one run alone. It was tried and left: a step would count as done that a crash \
undoes, and two different promises would be compared. Three pairs side by side on a busy machine \
showed no clear gain; one run alone was not measured.
- Side by side the work is bound by the processor: `wide_cpu_ms` of this process, and on Postgres \
the server beside it on the same two cores.
- The way to the first step on another worker holds two commits that nobody may skip, the start \
and the first decision; the claim between them does not wait for the disk.
- Every call of a model or a tool passes content guards, policies and limits, is labelled and told \
to the audit record. No peer does that by default; the rows say what it costs."""

CHOICES = """\
- Every step of every contestant is durable before the next begins. Our step is a tool step that \
does nothing (`test.noop`): an effect with its own commit. LangGraph's is a graph node under \
`durability="sync"`: a checkpoint before the next step begins. DBOS's is a `@DBOS.step`.
- SQLite: WAL and `synchronous=FULL` on every connection that writes, read back by PRAGMA. DBOS's \
own engine would use the slower rollback journal; it gets an engine in WAL mode through its \
documented `system_database_engine`. LangGraph's savers get the PRAGMA on their connection.
- Ours waits for the disk with every start, step, call and answer. Claims, beats and counts of \
limits do not wait on either store: the next of their kind mends what a power cut takes.
- Postgres: one server from a wheel, fsync and synchronous_commit on, read back; a database for \
each contestant, dropped after its turn, then a checkpoint of the server.
- Contestants take turns. One run alone: all contestants are up at once in all their variants, \
each carries out one run of 10 steps in its turn, A B C A B C, 8 turns a round, and is stopped \
(SIGSTOP) while others run. Everything else: a contestant is started, does its work and ends, \
then the next; in the first round a peer runs in all its variants, and those best in no metric \
that has a goal are left out of the later rounds. A peer's figure is that of its best variant.
- LangGraph: threads (16), one event loop, and on Postgres its pipeline mode; pools of 16 \
connections where there is a pool. DBOS: threads, coroutines, and its queue at 1 ms polling; \
a pool of 20. Ours: one process with the defaults of `kapell worker`, which sets what is \
loaded aside (`gc.freeze`) where the peers have Python's own; runs begun one by one.
- One process for the runs side by side. A run's time is from the call that starts it to its \
result, start and end included, divided by its steps. `wide_cpu_ms` is processor time of that \
process a step; what the Postgres server spends is not in it.
- Across processes: from the moment before the call that enqueues or sends to the moment the \
step's code runs, on the machine's one monotonic clock. For our commands: to the moment after the \
event is durable; for DBOS's (for orientation): to the step that follows `recv`.
- DBOS's queue is measured at 1 ms and at 10 ms polling; the better one counts.
- `for_each`: one process, SQLite; time from the call that starts the run to its result.
- An agent's turn: a run of ten turns, each one model call and one call of a tool that gives its \
number back, then the answer; the time of the whole run, start and end included, divided by ten. \
All speak the OpenAI wire to one loopback server, which is up beside them and not stopped. Ours \
keeps every call and answer in SQLite (`synchronous=FULL`) before the next begins; the SDK's loop \
and the frameworks keep nothing, but for LangGraph's variant `sqlite`.
- The gateway: ten calls by the SDK alone, then ten through, in the same process and in turn; the \
difference of such a pair, a call. Ours is a run of ten `ask` steps through a route of two \
deployments, with breaker, quota and budget, every call durable before and after. LiteLLM's proxy \
is a process with one worker and two deployments, without a database: it keeps nothing.
- Starting: user and system time of the whole process, one warm-up before."""


def number(value: float) -> str:
    """Return a figure with three digits that mean something."""
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if size else "0"


def figure(found: Figure | None, unit: str, *, spread: bool = True) -> str:
    """Return a figure with its unit, the best and worst round, and the variant."""
    if found is None:
        return "not measured"
    text = f"{number(found.value)} {unit}".strip()
    if spread and found.rounds > 1:
        text += f" ({number(found.low)}-{number(found.high)})"
    return f"{text} {found.variant}".strip()


def target(outcome: Outcome) -> str:
    """Return what must be reached, in words."""
    goal = outcome.goal
    match goal.target:
        case Faster(times=times):
            return f"{times:g}x faster"
        case Within(times=times, of=name):
            return f"at most {times:g}x `{name}`"
        case AtMost(value=limit, quiet=quiet):
            return f"at most {limit:g} {goal.unit}".strip() + (" (quiet machine)" if quiet else "")


def verdict(outcome: Outcome) -> str:
    """Return whether the goal was reached, and by how much it was missed."""
    goal, ours = outcome.goal, outcome.ours
    if outcome.reached is None or ours is None:
        return "not measured"
    said = "reached" if outcome.reached else "**missed**"
    match goal.target:
        case Faster(times=times) if outcome.ratio is not None:
            said += f": {outcome.ratio:.1f}x"
            if not outcome.reached:
                said += f", a factor {times / outcome.ratio:.2f} short"
        case Within(times=times) if outcome.ratio is not None:
            said += f": {outcome.ratio:.2f}x"
            if not outcome.reached:
                said += f", a factor {outcome.ratio / times:.2f} over"
        case AtMost(value=limit) if not outcome.reached:
            said += f" by {number(ours.value - limit)} {goal.unit}".rstrip()
    return said


def goal_table(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Return the goal table, its heading first."""
    rows = [["work", "goal", "kapell", "the others", "result"]]
    for outcome in outcomes:
        others = [
            f"{name} {figure(found, outcome.goal.unit)}" for name, found in outcome.others.items()
        ]
        rows.append(
            [
                outcome.goal.work,
                target(outcome),
                figure(outcome.ours, outcome.goal.unit),
                "; ".join(others) or "-",
                verdict(outcome),
            ]
        )
    return rows


def sample_table(measured: Measured) -> list[list[str]]:
    """Return everything that was measured, variant by variant, its heading first."""
    rows = [["work", "metric", "contestant", "variant", "p50", "p95", "max", "rounds"]]
    for work in WORKS:
        if work.name == "profile":
            continue
        for contestant in work.contestants:
            for metric in measured.metrics(contestant.name, work.name):
                rows += _lines(measured, work.name, contestant.name, metric)
    return rows


def _lines(measured: Measured, work: str, contestant: str, metric: Metric) -> list[list[str]]:
    lines = []
    columns = [measured.figures(contestant, metric, name) for name in ("p50", "p95", "max")]
    for middle, late, most in zip(*columns, strict=True):
        name = metric.removeprefix(f"{work}.")
        spread = f" ({number(middle.low)}-{number(middle.high)})" if middle.rounds > 1 else ""
        lines.append(
            [
                work,
                name,
                contestant,
                middle.variant or "-",
                number(middle.value) + spread,
                number(late.value),
                number(most.value),
                str(middle.rounds),
            ]
        )
    return lines


def profile_table(measured: Measured) -> list[list[str]]:
    """Return where the time of one of our steps goes, its heading first."""
    rows = [["store", "part", "microseconds a step", "share"]]
    for store in ("sqlite", "postgres"):
        prefix = f"profile.{store}:"
        parts = [
            (metric.removeprefix(prefix), found.value)
            for metric in measured.metrics("kapell", "profile")
            if metric.startswith(prefix)
            for found in measured.figures("kapell", metric, "p50")
        ]
        whole = sum(value for _, value in parts)
        rows += [
            [store, part, number(value), f"{value / whole:.0%}" if whole else "-"]
            for part, value in sorted(parts, key=lambda pair: -pair[1])
        ]
    return rows


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table of rows whose first is the heading."""
    head, *body = rows
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in body]
    return "\n".join(lines)


def plain(rows: Sequence[Sequence[str]], most: int = 60) -> str:
    """Return aligned columns for a terminal."""
    cut = [[cell.replace("**", "").replace("`", "")[:most] for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cut) for column in range(len(cut[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cut
    )


def outcomes(measured: Measured) -> list[Outcome]:
    """Hold all goals against what was measured."""
    return [judge(goal, measured) for goal in GOALS]


def page(measured: Measured, machine: Machine, postgres: str, command: str) -> str:
    """Return the results page."""
    held = outcomes(measured)
    reached = sum(one.reached is True for one in held)
    versions = [
        f"{peer}: " + ", ".join(f"{name} {pins(peer)[name]}" for name in SHOWN[peer])
        for peer in SHOWN
    ]
    parts = [
        "# Bench: results",
        f"{reached} of {len(held)} goals reached. Written by `{command}` (or `make bench`) on "
        f"{machine.at}, commit {machine.commit}.",
        f"Machine: {machine.cores} cores, {machine.processor}, {machine.memory_gb:.0f} GB, "
        f"{machine.disk}, {machine.system}, load {machine.load:.2f} at the beginning. "
        f"Python {machine.python}, SQLite {machine.sqlite}, PostgreSQL {postgres}.\n"
        f"Peers: {'; '.join(versions)}.",
        "Figures are medians over the rounds of each round's statistic; in brackets the best and "
        "the worst round. A time may be read against its neighbours, not against other machines.",
        "## Goals",
        markdown(goal_table(held)),
        "## Where the time of a step goes",
        markdown(profile_table(measured)),
        *(["\n".join(f"- {note}" for note in measured.notes)] if measured.notes else []),
        "## What keeps us from the missed goals",
        WHY,
        "## Everything measured",
        "Lines without a goal are for orientation. The `floor` is this disk and this server "
        "without any engine; `set_step_ms` are pure steps, which need no commit of their own and "
        "are compared with nothing. DBOS's `command_ms` is for orientation.",
        markdown(sample_table(measured)),
        "## Choices",
        CHOICES,
        "## Settings read back",
        "\n".join(
            f"- {work}, {contestant}: {setting}"
            for (work, contestant), setting in _settings(measured).items()
        ),
    ]
    if measured.failures:
        failures = "\n".join(f"- {one}" for one in measured.failures)
        parts += ["## What failed", failures]
    return "\n\n".join(parts) + "\n"


def _settings(measured: Measured) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], list[str]] = {}
    for (work, contestant, name), value in measured.settings.items():
        found.setdefault((work, contestant), []).append(f"{name} = {value}")
    return {key: ", ".join(values) for key, values in found.items()}
