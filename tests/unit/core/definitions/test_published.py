"""The published schemas and the reference page are what the types say now."""

import json
from pathlib import Path

import jsonschema_rs
import pytest

from kapell.core.agents.authored import AgentForm
from kapell.core.definitions.published import schema_of
from kapell.core.definitions.reading import read
from kapell.core.workflows.authored.workflow import WorkflowForm
from scripts.generate_reference_language import PAGE, page
from scripts.generate_schemas import pages
from tests.unit.core.workflows.samples import DEPLOY, SUPPORT

WORKFLOW = schema_of(WorkflowForm, "workflow")
AGENT = schema_of(AgentForm, "agent")


def test_the_files_are_up_to_date() -> None:
    stale = [path.name for path, text in pages().items() if text != Path(path).read_text("utf-8")]
    assert stale == [], "run: make docs"
    assert page() == PAGE.read_text("utf-8"), "run: make docs"


def test_every_field_is_described() -> None:
    for schema in (WORKFLOW, AGENT):
        definitions = schema["$defs"]
        assert isinstance(definitions, dict)
        for one in [schema, *definitions.values()]:
            for key, field in one["properties"].items():
                assert field.get("description"), key


@pytest.mark.parametrize("sample", [SUPPORT, DEPLOY])
def test_the_samples_are_valid_by_the_published_schema(sample: str) -> None:
    validator = jsonschema_rs.validator_for(json.loads(json.dumps(WORKFLOW)), offline=True)
    assert [error.message for error in validator.iter_errors(read(sample, "w").plain())] == []


@pytest.mark.parametrize(
    "text",
    [
        "name: x",
        "name: x\nsteps: [{id: a}]",
        "name: x\nsteps: [{id: a, ask: hi, tool: t}]",
        "name: x\nsteps: [{id: a, ask: hi, promt: x}]",
        "name: x\nsteps: [{id: a, ask: hi, timeout: soon}]",
        "name: x\nsteps: [{id: a, ask: hi, concurrency: 0}]",
        "name: x\nsteps: [{id: a, wait: {for: 1s, signal: x}}]",
    ],
)
def test_editors_see_what_is_wrong(text: str) -> None:
    validator = jsonschema_rs.validator_for(json.loads(json.dumps(WORKFLOW)), offline=True)
    assert not validator.is_valid(read(text, "w").plain())


@pytest.mark.requirement("AG-01")
def test_agents_may_carry_keys_of_others() -> None:
    validator = jsonschema_rs.validator_for(json.loads(json.dumps(AGENT)), offline=True)
    assert validator.is_valid({"name": "a", "color": "blue", "tools": "a, b"})
    assert not validator.is_valid({"name": "a", "tier": "boss"})
