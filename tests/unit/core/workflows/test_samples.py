"""The workflows the documents promise compile as they stand."""

import msgspec
import pytest

from kapell.core.workflows.version import (
    AgentWork,
    BlockWork,
    Join,
    ToolWork,
    Version,
    version_hash,
)
from tests.unit.core.workflows.authoring import compiled, version_of
from tests.unit.core.workflows.samples import DEPLOY, SUPPORT


def test_the_support_sample_compiles_without_warnings() -> None:
    version, warnings = compiled(SUPPORT)
    assert warnings == ()
    load, classify, replies = version.body.steps
    assert load.work == ToolWork(tool="table.read", args={"path": "{{ inputs.tickets }}"})
    assert (load.after, load.join, load.timeout, load.retry.attempts) == ((), Join.ORDER, 60.0, 3)
    assert classify.after == ("load",)
    assert classify.model == "offline"
    assert classify.for_each is not None
    assert (classify.for_each.name, classify.for_each.concurrency) == ("ticket", 8)
    assert isinstance(replies.work, BlockWork)
    assert replies.work.body.result == "steps.send.status"
    assert replies.timeout is None
    draft, release, send = replies.work.body.steps
    assert draft.work == AgentWork(
        agent="writer", prompt="Answer this in a {{ inputs.tone }} tone: {{ c.item.text }}"
    )
    assert (release.timeout, release.retry.attempts) == (None, 1)
    assert send.compensate is not None
    assert send.compensate.steps[0].work == ToolWork(
        tool="file.delete", args={"path": "outbox/{{ c.item.id }}.txt"}
    )
    assert version.budget is not None
    assert (version.budget.usd, version.budget.tokens, version.budget.time) == (
        500_000_000,
        200_000,
        600.0,
    )
    assert sorted(version.agents) == ["triager", "writer"]


@pytest.mark.requirement("WF-01")
def test_the_sample_of_plan_004_compiles_unchanged() -> None:
    version = version_of(DEPLOY)
    assert version.inputs is None
    assert [(one.id, one.after, one.join) for one in version.body.steps] == [
        ("test", (), Join.ORDER),
        ("build", ("test",), Join.DEFAULT),
        ("deploy", ("build",), Join.DEFAULT),
    ]
    assert [one.work for one in version.body.steps] == [
        AgentWork(agent="testing", prompt="run_tests"),
        AgentWork(agent="backend-api", prompt="build_docker"),
        AgentWork(agent="deployment", prompt="deploy_k8s"),
    ]


def test_a_version_survives_storing() -> None:
    version = version_of(SUPPORT)
    again = msgspec.json.decode(msgspec.json.encode(version), type=Version)
    assert again == version
    assert version_hash(again) == version_hash(version_of(SUPPORT))
