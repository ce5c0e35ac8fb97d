"""The results page says for each goal whether it was reached, or by how much it was missed."""

from bench import environments
from bench.figures import Measured, Metric
from bench.goals import GOALS, PEERS
from bench.machine import Machine
from bench.rendering import goal_table, markdown, number, outcomes, page, plain, verdict
from bench.works import WORKS, script

MACHINE = Machine(
    at="2026-01-02 03:04 UTC",
    cores=2,
    processor="Some Processor",
    memory_gb=8.0,
    python="3.11.7",
    system="Linux 6",
    sqlite="3.50.0",
    disk="ext4 on /dev/vda",
    load=0.5,
    commit="abc1234",
)


def some() -> Measured:
    """Return measurements of the first goal, which miss it, and of a limit, which holds."""
    found = Measured()
    for name, value in (("kapell", 1.0), ("langgraph", 2.0), ("dbos", 4.0)):
        for turn in (1, 2, 3):
            found.add(
                name, "sync" if name != "kapell" else "", Metric(GOALS[0].figure), turn, value
            )
    found.add("kapell", "", Metric("takeover.next_step_s"), 1, 3.25)
    found.add("kapell", "", Metric("takeover.done_twice"), 1, 2.0)
    found.add("kapell", "", Metric("profile.sqlite:decide"), 1, 30.0)
    found.add("kapell", "", Metric("profile.sqlite:commit"), 1, 90.0)
    found.settings["one-sqlite", "langgraph", "synchronous"] = "2"
    return found


def test_a_missed_goal_says_how_much_is_missing() -> None:
    first = outcomes(some())[0]

    assert verdict(first) == "**missed**: 2.0x, a factor 1.50 short"


def test_limits_say_reached_or_by_how_much_they_were_passed() -> None:
    said = {one.goal.figure: verdict(one) for one in outcomes(some())}

    assert said["takeover.next_step_s"] == "reached"
    assert said["takeover.done_twice"] == "**missed** by 2.00"


def test_what_was_not_measured_is_called_so() -> None:
    said = {one.goal.figure: verdict(one) for one in outcomes(some())}

    assert said["waiting.more_mb"] == "not measured"


def test_the_page_holds_versions_machine_settings_and_every_goal() -> None:
    text = page(some(), MACHINE, "18.0", "bench/run.py")

    assert f"1 of {len(GOALS)} goals reached" in text
    for peer in PEERS:
        assert environments.pins(peer)[environments.SHOWN[peer][0]] in text
    for expected in (
        "2026-01-02 03:04 UTC", "abc1234", "2 cores", "Some Processor", "Python 3.11.7",
        "PostgreSQL 18.0", "one-sqlite, langgraph: synchronous = 2",
        "| sqlite | commit | 90.0 | 75% |",
    ):  # fmt: skip
        assert expected in text
    assert all(goal.work in text for goal in GOALS)
    assert "What failed" not in text


def test_what_failed_is_on_the_page() -> None:
    found = some()
    found.failures.append("queue, dbos 1ms, round 1: it broke")

    assert "- queue, dbos 1ms, round 1: it broke" in page(found, MACHINE, "18.0", "bench/run.py")


def test_tables_keep_their_columns() -> None:
    rows = goal_table(outcomes(some()))

    assert {line.count("|") for line in markdown(rows).splitlines()} == {len(rows[0]) + 1}
    assert len(plain(rows).splitlines()) == len(rows)
    assert markdown([["a"], ["x|y"]]).splitlines()[-1] == "| x/y |"


def test_numbers_keep_three_digits_that_mean_something() -> None:
    assert [number(value) for value in (0, 0.123, 12.34, 1234.5)] == ["0", "0.12", "12.3", "1,234"]


def test_every_contestant_has_its_script_and_every_peer_its_pins() -> None:
    for work in WORKS:
        for contestant in work.contestants:
            assert script(contestant).is_file()
    for peer in PEERS:
        assert set(environments.SHOWN[peer]) <= set(environments.pins(peer))
