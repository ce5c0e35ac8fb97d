"""Every example does what its first lines say, on the offline model."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

from kapell.core.events.step import StepRetryScheduled
from kapell.core.runs.commands import Answer, Repair, Signal
from scripts import examples
from tests.integration.examples.stage import EXAMPLES, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "workspace")


def test_every_example_is_played_here_and_told_of() -> None:
    found = {one.workflow.relative_to(EXAMPLES).parts[0]: one for one in examples.find(EXAMPLES)}
    names = [name for name, one in found.items() if not one.scripted]
    here = Path(__file__).read_text("utf-8")
    told = (EXAMPLES / "README.md").read_text("utf-8")
    assert len(names) >= 10
    assert not [name for name in names if f'play("{name}"' not in here]
    assert not [name for name in found if f"`{name}" not in told]


@pytest.mark.requirement("WF-01", "LG-03")
def test_a_sequence_reads_shortens_and_writes(stage: Stage) -> None:
    run = stage.play("digest")
    assert run.run().status == "succeeded"
    assert isinstance(run.output, dict)
    text = str(run.output["digest"])
    assert text.startswith("[offline model]"), "what the offline model writes says so"
    assert run.text("digest.txt").strip() == text
    assert "warehouse opened on Monday" in text
    assert "coffee machine" not in text
    assert isinstance(run.output["shorter_by"], int)
    assert run.output["shorter_by"] > 0


@pytest.mark.requirement("WF-01", "WF-04")
@pytest.mark.parametrize(
    ("browser", "marks"), [(False, "skipped"), (True, "succeeded")], ids=["skipped", "whole"]
)
def test_joins_wait_as_they_say(stage: Stage, browser: bool, marks: str) -> None:
    run = stage.play("release-gate.yaml", {"with_browser_tests": browser})
    assert run.run().status == "succeeded"
    assert run.output == {
        "go": True,
        "browser": "succeeded" if browser else "skipped",
        "full_marks": marks,
    }
    assert run.ended()["first_sign"] == "succeeded"
    assert run.text("gate.txt").startswith("go: true\n")


def test_a_gate_stays_shut_when_a_check_is_not_passed(stage: Stage) -> None:
    run = stage.play("release-gate.yaml", {"coverage": 61})
    run.run()
    assert run.output == {"go": False, "browser": "skipped", "full_marks": "skipped"}


@pytest.mark.requirement("WF-02")
@pytest.mark.parametrize(
    ("amount", "days", "way", "money", "said"),
    [
        (39.9, 9, "pay", 39.9, "We send 39.9 back to you."),
        (390, 9, "ask", 0, "Please send a photo"),
        (39.9, 45, "else", 0, "The return period has ended."),
    ],
)
def test_a_switch_takes_one_way(
    stage: Stage, amount: float, days: int, way: str, money: float, said: str
) -> None:
    run = stage.play("refund-desk.yaml", {"amount": amount, "days": days})
    assert run.run().status == "succeeded"
    assert isinstance(run.output, dict)
    assert (run.output["way"], run.output["money"]) == (way, money)
    assert said in str(run.output["letter"])
    assert "order 5512" in str(run.output["letter"])


def test_a_step_whose_condition_fails_is_skipped(stage: Stage) -> None:
    run = stage.play("refund-desk.yaml", {"channel": "shop"})
    assert run.run().status == "succeeded"
    assert run.ended()["letter"] == "skipped"
    assert isinstance(run.output, dict)
    assert run.output["letter"] is None
    assert not run.asked, "no model was asked"


@pytest.mark.requirement("WF-04")
def test_branches_run_side_by_side_and_meet_again(stage: Stage) -> None:
    run = stage.play("market-brief.yaml")
    run.claim()
    assert {call.path.split("/")[0] for call in run.state.calls.values()} == {
        "views.facts",
        "views.mood",
        "views.plan",
    }
    assert run.run().status == "succeeded"
    assert run.output == {"mood": "mixed", "branches": ["facts", "mood", "plan"]}
    page = run.text("brief.md")
    assert "Mood: mixed" in page
    assert "Shorten the wait for spare batteries" in page


@pytest.mark.requirement("WF-03", "WF-12")
def test_items_go_side_by_side_and_a_bad_one_is_listed(stage: Stage) -> None:
    run = stage.play("catalogue-cleanup")
    assert run.run().status == "succeeded"
    assert run.output == {"written": 3, "missing_sheets": ["F-501"]}
    rows = list(csv.DictReader(io.StringIO(run.text("catalogue.csv"))))
    assert rows == [
        {"sku": "K-100", "weight": "1.2 kg", "colour": "white"},
        {"sku": "L-220", "weight": "0.8 kg", "colour": "black"},
        {"sku": "C-300", "weight": "4.5 kg", "colour": "oak"},
    ]
    assert run.failure("sheets[3]/read").code == "file_missing"
    assert "sheets[4]" not in run.ended(), "`where` left one product out"


@pytest.mark.requirement("WF-03")
def test_a_loop_goes_on_until_it_fits(stage: Stage) -> None:
    run = stage.play("polish.yaml")
    assert run.run().status == "succeeded"
    assert isinstance(run.output, dict)
    assert run.output["fits"] is True
    assert isinstance(run.output["passes"], int)
    assert run.output["passes"] > 1
    assert len(str(run.output["text"])) <= 160


def test_a_loop_that_never_fits_ends_as_it_was_told(stage: Stage) -> None:
    run = stage.play("polish.yaml", {"space": 10})
    assert run.run().status == "succeeded"
    assert isinstance(run.output, dict)
    assert (run.output["fits"], run.output["passes"]) == (False, 5)


def test_a_workflow_uses_others_inside_and_beside_itself(stage: Stage) -> None:
    run = stage.play("onboarding", {"name": "Ines", "team": "night"})
    assert run.run().status == "succeeded"
    assert isinstance(run.output, dict)
    assert run.output["things"] == 3
    assert "Dear Ines,\nwelcome to the night team." in str(run.output["letter"])
    assert "letter/write" in run.ended(), "the first ran in this log"
    (child,) = run.children
    assert child.program.version.name == "prepare-desk"
    assert child.files() == {"labels/chair.txt", "labels/lamp.txt", "labels/laptop.txt"}


@pytest.mark.requirement("WF-08")
def test_a_wait_takes_the_signal_that_matches(stage: Stage) -> None:
    run = stage.play("payment-reminder.yaml")
    assert run.run().status == "waiting"
    assert len(run.asked) == 1, "after the pause the reminder was written"
    run.tell(Signal("paid", {"invoice": "R-99", "amount": 5}))
    assert run.run().status == "waiting", "somebody else's invoice"
    run.tell(Signal("paid", {"invoice": "R-17", "amount": 120}))
    assert run.run().status == "succeeded"
    assert run.output == {"amount": 120}
    assert run.text("receipts/R-17.txt") == "Received 120 for R-17.\n"


@pytest.mark.requirement("WF-11")
def test_what_a_person_edits_is_what_goes_out(stage: Stage) -> None:
    run = stage.play("newsletter-release.yaml")
    assert run.run().status == "waiting"
    (question,) = run.questions()
    run.tell(Answer(question.path, True, data={"subject": "Three news", "body": "Short."}))
    assert run.run().status == "succeeded"
    assert run.output == {"sent": True, "subject": "Three news"}
    assert run.text("outbox/newsletter.txt") == "Subject: Three news\n\nShort.\n"


@pytest.mark.requirement("WF-11")
@pytest.mark.parametrize("silent", [True, False], ids=["nobody answers", "rejected"])
def test_nothing_goes_out_unasked(stage: Stage, silent: bool) -> None:
    run = stage.play("newsletter-release.yaml")
    before = run.now
    if silent:
        run.nobody_answers = True
        run.run()
        assert run.now - before > 3 * 24 * 3600
    else:
        run.answer_all(approved=False)
    assert run.state.status == "succeeded", "a rejection is no failure"
    assert run.ended()["send"] == "skipped"
    assert not run.files()


@pytest.mark.requirement("WF-05", "DX-05")
def test_a_failed_trip_is_undone_newest_first(stage: Stage) -> None:
    run = stage.play("trip.yaml")
    assert run.run().status == "failed"
    assert run.state.failure is not None
    assert (run.state.failure.code, run.state.failure.step) == ("file_missing", "conference")
    steps = run.state.steps
    assert (steps["hotel"].status, steps["train"].status) == ("compensated", "compensated")
    undone = [call.path for call in run.asked if "!undo" in call.path]
    assert undone[0].startswith("hotel!undo")
    assert undone[-1].startswith("train!undo")
    assert run.files() == {"bookings/cancelled.txt"}


def test_a_held_run_goes_on_with_the_result_a_person_gives(stage: Stage) -> None:
    run = stage.play("hold.yaml")
    assert run.run().status == "waiting"
    failure = run.state.steps["prices"].failure
    assert failure is not None
    assert failure.code == "file_missing"
    assert "report" not in run.ended()
    run.tell(Repair("prices", {"rows": [{"item": "rye", "price": "200"}]}, "from the paper list"))
    assert run.run().status == "succeeded"
    assert run.output == {"prices": 1}
    assert "rye: 200" in run.text("report.txt")
    assert run.types.count("model.requested") == 1, "what was finished was not done again"


@pytest.mark.requirement("WF-01")
@pytest.mark.parametrize("version", ["2.4.1", None])
def test_an_action_takes_its_parameters_along(stage: Stage, version: str | None) -> None:
    run = stage.play("regions.yaml", {"version": version} if version else {})
    assert run.run().status == "succeeded"
    assert isinstance(run.output, dict)
    plans = run.output["plans"]
    assert isinstance(plans, list)
    assert len(plans) == 2
    for plan, region, replicas in zip(plans, ("north", "south"), (3, 2), strict=True):
        for name, value in (("region", region), ("replicas", replicas)):
            assert re.search(rf'{name}"?:\s?"?{value}\b', str(plan))
        assert (version or "latest") in str(plan)


@pytest.mark.requirement("GR-07")
def test_a_budget_stops_the_run_before_it_is_exceeded(stage: Stage) -> None:
    run = stage.play("frugal.yaml")
    assert run.run().status == "failed"
    assert run.state.failure is not None
    assert run.state.failure.code == "budget_exceeded"
    assert "tokens" in run.state.failure.message
    done = [path for path, how in run.ended().items() if how == "succeeded"]
    assert done == ["short[0]", "short[1]", "short[2]"]
    assert run.types.count("model.requested") == 3, "the fourth was never asked"


def test_what_was_answered_is_not_asked_again(stage: Stage) -> None:
    run = stage.play("cached-answers.yaml")
    assert run.run().status == "succeeded"
    assert run.output == {"lines": 5}
    assert len(run.asked) == 3
    assert run.result("describe[0]") == run.result("describe[2]")


@pytest.mark.requirement("WF-12")
def test_fields_come_out_as_the_schema_wants(stage: Stage) -> None:
    run = stage.play("invoice-fields")
    assert run.run().status == "succeeded"
    assert run.output == {"number": "RG-4821", "due": 1280.5, "date": "2026-03-14"}
    assert json.loads(run.text("invoice.json")) == {"number": "RG-4821", "due": 1280.5}


@pytest.mark.requirement("DX-04")
def test_a_source_that_fails_is_replaced(stage: Stage) -> None:
    run = stage.play("resilient-source")
    assert run.run().status == "succeeded"
    assert run.output == {"notice": "failed", "rows": 3, "cheapest": 1.45}
    tries = [e.payload.path for e in run.events if isinstance(e.payload, StepRetryScheduled)]
    assert tries == ["prices"] * 2
    assert run.result("prices#3!error/why") == {"code": "file_missing", "step": "prices"}


def test_json_and_yaml_are_the_same_language(stage: Stage) -> None:
    run = stage.play("ticket-counts.json")
    assert run.run().status == "succeeded"
    assert isinstance(run.output, dict)
    assert run.output["all"] == 60
    rows = list(csv.DictReader(io.StringIO(run.text("org.csv"))))
    assert len(rows) == run.output["org"]
    assert all(row["email"].endswith(".org") for row in rows)


@pytest.mark.requirement("WF-12", "TL-01")
def test_small_programs_count_in_a_sandbox(stage: Stage) -> None:
    run = stage.play("sales-figures.yaml")
    assert run.run().status == "succeeded", run.state.failure
    assert run.output == {
        "sums": [{"region": "north", "total": 140}, {"region": "south", "total": 60}],
        "shares": {"north": 70, "south": 30},
    }
    assert run.text("shares.txt") == "North sells 70 %.\n"
