"""What is told of a judge that gives no verdict: by the run, by doctor."""

import pytest

from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk

pytestmark = pytest.mark.requirement("GR-08")
FLOW = """
name: judged
model: scripted:answers.yaml
steps:
  - id: reply
    ask: How long is the bridge?
    grounded: {sources: ["The bridge is 120 metres long."], judge: "scripted:judge.yaml"}
"""


@pytest.fixture(autouse=True)
def _models(desk: Desk) -> None:
    desk.write("judged.yaml", FLOW)
    desk.write("answers.yaml", "answers: [{text: The bridge is 120 metres long.}]")
    desk.write("judge.yaml", "answers: [{text: It looks fine to me.}]")


def test_a_run_shows_that_its_judge_gave_no_verdict(desk: Desk) -> None:
    desk.ok("run", "judged.yaml")
    assert (
        "no verdict of the judge on 1 of its answers (judge_unclear)" in desk.ok("runs", "show").out
    )
    assert desk.ok("runs", "show", "--json").document()["unjudged"] == {"judge_unclear": 1}
    record = desk.ok("audit", "show", "--json").out
    assert "judge_unclear" in record


def test_under_strict_the_run_fails_without_saying_why(desk: Desk) -> None:
    ended = desk.call("run", "judged.yaml", "--guardrails", "strict")
    assert ended.code == Exit.FAILED
    assert "answer_ungrounded" in ended.out + ended.err
    assert desk.ok("runs", "show", "--json").document()["failure"]["message"] == (
        "It could not be checked whether the sources support all of the answer."
    )


@pytest.mark.parametrize(
    ("profile", "what"), [("strict", "does not pass"), ("default", "counts by the rules alone")]
)
def test_doctor_names_the_judge_and_what_holds_without_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, profile: str, what: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    desk.write(
        "kapell.yaml",
        f"guardrails: {{profile: {profile}, grounding: {{judge: 'openai:gpt-5-mini'}}}}\n",
    )
    found = desk.call("doctor", "--json").document()["checks"]
    checks = {one["name"]: one for one in found}
    assert what in checks["judge of answers"]["detail"]
    assert not checks["model openai:gpt-5-mini"]["ok"]
