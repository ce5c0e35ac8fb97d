"""A judge of answers through a whole program: its own script, its call in the log, its verdict."""

from pathlib import Path

import pytest

from kapell.core.events.model import ModelJudged, ModelRequested
from tests.integration.runs.shop import Shop, facts, output, started, working

WORKFLOW = """\
model: scripted:answers.yaml
steps:
  - id: reply
    ask: How long is it?
    grounded: {sources: ["The bridge is 120 metres long and opened in 1932."]}
outputs: {reply: "{{ steps.reply.output }}"}
"""
SETTINGS = "guardrails: {grounding: {judge: 'scripted:judge.yaml'}}\n"
ANSWERS = """\
answers:
  - text: It opened in 1932.
  - text: The bridge is 120 metres long.
"""
OPINIONS = """\
answers:
  - {label: "reply#1/2", saw: "*1. It opened in 1932.*", value: {score: 0.2, unsupported: [1]}}
  - {label: "reply#1/4", saw: "*1. The bridge is 120*", value: {score: 1, unsupported: []}}
"""


@pytest.mark.requirement("GR-08")
async def test_the_judge_of_the_workspace_sends_an_answer_back(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    shop = Shop(tmp_path / "shop", url, SETTINGS)
    shop.workflow("bridge", WORKFLOW)
    (shop.folder / "answers.yaml").write_text(ANSWERS, "utf-8")
    (shop.folder / "judge.yaml").write_text(OPINIONS, "utf-8")
    async with shop.open() as app, working(app):
        run = await started(app, "bridge")
        assert await output(app, run) == {"reply": "The bridge is 120 metres long."}
        told = [e.payload for e in await facts(app, run, ModelRequested, ModelJudged)]
    asked = [one.judges for one in told if isinstance(one, ModelRequested)]
    assert asked == ["", "reply#1/1", "", "reply#1/3"]
    judged = [one for one in told if isinstance(one, ModelJudged)]
    assert [one.score for one in judged] == [0.2, 1.0]
    assert "It opened in 1932. (judge)" in judged[0].problem
