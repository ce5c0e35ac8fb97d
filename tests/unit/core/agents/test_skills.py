"""Skills follow the open convention: a folder, a name, a description, a text, files beside it."""

import pytest

from kapell.core.agents.definition import Agent
from kapell.core.agents.linting.linter import lint
from kapell.core.agents.skills import (
    chosen_skills,
    read_skill,
    skill_subject,
    skills_of,
    skills_text,
)
from kapell.core.definitions.problems import Problems

GOOD = """---
name: pdf-forms
description: Fills forms in PDF files. Use when somebody sends a form.
license: MIT
---

# Forms

1. List the fields with `scripts/fields.py`.
2. Fill them; leave open what nobody told you.
"""


def test_a_skill_is_read_with_what_stands_beside_it() -> None:
    problems = Problems()
    skill = read_skill(GOOD, "skills/pdf-forms/SKILL.md", problems, ("scripts/fields.py",))
    assert skill is not None
    assert problems.errors == ()
    assert (skill.name, skill.line, skill.files) == ("pdf-forms", 7, ("scripts/fields.py",))
    assert skill.body.startswith("# Forms")
    assert lint(skill_subject(skill)) == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("# no front matter", "front_matter_missing"),
        ("---\nname: x\ndescription: y\n", "front_matter_open"),
        ("---\ndescription: y\n---\ntext", "missing_key"),
        ("---\nname: pdf-forms\n---\ntext", "missing_key"),
        ("---\nname: other\ndescription: y\n---\ntext", "skill_name_other"),
        ("---\nname: PDF forms\ndescription: y\n---\ntext", "skill_name_broken"),
        ("---\nname: pdf-forms\ndescription: y\n---\n  \n", "skill_empty"),
        (f"---\nname: pdf-forms\ndescription: {'y' * 1025}\n---\nt", "skill_description_long"),
    ],
)
def test_what_is_wrong_with_a_skill_is_told(text: str, code: str) -> None:
    problems = Problems()
    assert read_skill(text, "skills/pdf-forms/SKILL.md", problems) is None
    assert code in [one.code for one in problems.errors]


def test_a_skill_is_linted_like_a_prompt() -> None:
    text = GOOD + "\nSign in with password: Tr0ub4dor&3 there.\nKeep trying until it works.\n"
    skill = read_skill(text, "skills/pdf-forms/SKILL.md", Problems())
    assert skill is not None
    found = lint(skill_subject(skill))
    assert {one.problem.code for one in found} == {"secret_in_prompt", "instructions_unbounded"}
    assert {one.problem.place.line for one in found} == {12, 13}


def test_an_agent_is_told_of_those_it_names() -> None:
    skill = read_skill(GOOD, "skills/pdf-forms/SKILL.md", Problems())
    assert skill is not None
    other = read_skill(
        "---\nname: tax\ndescription: Taxes.\n---\nPay.", "skills/tax/SKILL.md", Problems()
    )
    assert other is not None
    notes = chosen_skills(["pdf-*"], [other, skill])
    agent = Agent(name="a", instructions="x", skills=notes)
    assert skills_of(agent) == (("pdf-forms", skill.description),)
    assert "- pdf-forms: Fills forms" in skills_text(agent)
    assert "skill.load" in skills_text(agent)
    assert [note.name for note in chosen_skills(["*"], [other, skill])] == ["pdf-forms", "tax"]
    assert skills_text(Agent(name="a", instructions="x")) == ""
