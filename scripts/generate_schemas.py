"""Writes the published JSON Schemas into ``schema/``: python scripts/generate_schemas.py."""

import json
from pathlib import Path

from kapell.core.agents import exchange
from kapell.core.agents.authored import AgentForm
from kapell.core.agents.skills import SkillForm
from kapell.core.agents.trials.scenario import ScenarioForm
from kapell.core.definitions.authored import Authored
from kapell.core.definitions.published import schema_of
from kapell.core.policies.published import answer_schema, input_schema
from kapell.core.policies.trials.cases import CasesForm
from kapell.core.workflows.authored.workflow import WorkflowForm

SCHEMAS: dict[str, tuple[type[Authored], str]] = {
    "workflow.schema.json": (WorkflowForm, "Kapell workflow"),
    "agent.schema.json": (AgentForm, "Kapell agent: front matter"),
    "skill.schema.json": (SkillForm, "Kapell skill: front matter"),
    "scenario.schema.json": (ScenarioForm, "Kapell scenario"),
    "policy-cases.schema.json": (CasesForm, "Kapell policy: cases"),
}


def pages() -> dict[Path, str]:
    """Return what each file must hold."""
    folder = Path(__file__).resolve().parent.parent / "schema"
    found: dict[str, object] = {
        name: schema_of(form, title) for name, (form, title) in SCHEMAS.items()
    }
    found["agent-message.schema.json"] = exchange.schema()
    found["policy-input.schema.json"] = input_schema()
    found["policy-answers.schema.json"] = answer_schema()
    return {
        folder / name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in found.items()
    }


def main() -> None:
    """Write them all."""
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
