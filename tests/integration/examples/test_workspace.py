"""The workflows of a new workspace run as they stand."""

from pathlib import Path

import pytest

from tests.integration.examples.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "workspace")


@pytest.mark.requirement("WF-01", "WF-11", "WF-12", "LG-03")
def test_sixty_tickets_are_sorted_and_the_urgent_ones_answered(stage: Stage) -> None:
    run = stage.play("support-triage", {"tickets": "data/tickets.csv"})
    run.run()
    assert run.state.status == "waiting", "nothing goes out before a person has seen it"
    sorted_ones = run.result("classify")
    assert isinstance(sorted_ones, list)
    assert len(sorted_ones) == 60
    kinds = [(one["output"]["urgency"], one["output"]["topic"]) for one in sorted_ones]
    urgent = [kind for kind in kinds if kind[0] == "high"]
    assert 10 <= len(urgent) <= 20
    assert len({topic for _, topic in kinds}) >= 6
    assert not run.files()
    assert run.answer_all().status == "succeeded"
    assert run.output == {"answered": len(urgent)}
    assert len(run.files()) == len(urgent)
    assert all("[offline model]" in run.text(path) for path in run.files())


@pytest.mark.requirement("WF-11")
def test_no_reply_leaves_the_house_when_nobody_agrees(stage: Stage) -> None:
    run = stage.play("support-triage", {"tickets": "data/tickets.csv", "tone": "formal"})
    assert run.answer_all(approved=False).status == "succeeded"
    assert run.output == {"answered": 0}
    assert not run.files()


@pytest.mark.requirement("WF-01")
def test_the_deployment_of_the_plan_runs_as_it_stands(stage: Stage) -> None:
    run = stage.play("deploy_app")
    assert run.run().status == "succeeded"
    assert [call.agent for call in run.asked] == ["testing", "backend-api", "deployment"]
    assert list(run.ended()) == ["test", "build", "deploy"]
    said = str(run.output)
    assert "Task: deploy k8s" in said
    assert "Nothing was carried out" in said, "a model without tools has deployed nothing"
