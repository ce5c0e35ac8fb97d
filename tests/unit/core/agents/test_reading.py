"""Agents are Markdown with front matter; other programs' agent files pass through unharmed."""

import textwrap

import pytest

from kapell.core.agents.definition import Agent
from kapell.core.agents.reading import agent_of, read_agent
from kapell.core.definitions.problems import Problem, Problems

pytestmark = pytest.mark.requirement("AG-01")


def read(text: str) -> tuple[Agent | None, tuple[Problem, ...], tuple[Problem, ...]]:
    """Return the agent, the errors and the warnings of a file."""
    problems = Problems()
    file = read_agent(textwrap.dedent(text), "a.md", problems)
    agent = None if file is None or problems.errors else agent_of(file)
    return agent, problems.errors, problems.warnings


def said(text: str) -> list[str]:
    return [f"{one.place.line}:{one.place.column} {one.code}" for one in read(text)[1]]


def test_the_sample_of_the_documents() -> None:
    agent, errors, warnings = read("""\
        ---
        name: triager
        description: Sorts support tickets by urgency and topic.
        model: cheap
        tools: [memory.search, table.*]
        tier: specialist                # orchestrator | specialist | worker
        capabilities: [classification]
        tags: [support]
        output: {type: object}
        budget: {usd: 0.05, tokens: 100, time: 1m}
        max_output: 500
        temperature: 0.5
        runtime: inline                 # inline | remote | tmux | python
        ---
        You sort support tickets.

        Carefully.
    """)
    assert (errors, warnings) == ((), ())
    assert agent == Agent(
        name="triager",
        instructions="You sort support tickets.\n\nCarefully.",
        description="Sorts support tickets by urgency and topic.",
        model="cheap",
        tools=("memory.search", "table.*"),
        tier="specialist",
        capabilities=("classification",),
        tags=("support",),
        output={"type": "object"},
        budget_usd=50_000_000,
        budget_tokens=100,
        budget_time=60.0,
        max_output=500,
        temperature=0.5,
    )


def test_an_agent_file_of_another_program_works() -> None:
    agent, errors, warnings = read("""\
        ---
        name: code-reviewer
        description: Use this agent when: code has changed. Examples: <e>user: "hi"</e>\\n
        tools: Read, Grep, TodoWrite, WebFetch , table.read
        model: inherit
        color: blue
        ---
        You review.
    """)
    assert errors == ()
    assert agent is not None
    assert agent.description.startswith("Use this agent when: code has changed. Examples: <e>")
    assert agent.tools == ("file.read", "file.search", "TodoWrite", "web.fetch", "table.read")
    assert agent.model is None
    assert agent.kept == {"color": "blue"}
    assert [f"{one.place.line}:{one.place.column} {one.code}" for one in warnings] == [
        "3:33 front_matter_mended",
        "4:8 tool_without_like",
        "6:1 key_kept",
    ]


def test_an_unknown_key_that_is_nearly_ours_is_hinted_at() -> None:
    _, _, warnings = read("---\nname: a\ndescripton: x\n---\nYou.")
    assert warnings[0].advice == "Did you mean `description`?"


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_line_ends_of_any_system(ends: str) -> None:
    agent, errors, _ = read(ends.join(["---", "name: a", "---", "You.", "Yes."]))
    assert errors == ()
    assert agent is not None
    assert agent.instructions.splitlines() == ["You.", "Yes."]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["1:1 front_matter_missing"]),
        ("You are.", ["1:1 front_matter_missing"]),
        ("---\nname: a\nYou are.", ["1:1 front_matter_open"]),
        ("---\n---\nYou.", ["2:1 file_empty"]),
        ("---\nname: a\n---\n\n  \n", ["4:1 instructions_missing"]),
        ("---\ndescription: x\n---\nYou.", ["2:1 missing_key"]),
        ("---\nname: a b\n---\nYou.", ["2:7 id_broken"]),
        ("---\nname: a\ntier: boss\n---\nYou.", ["3:7 wrong_value"]),
        ("---\nname: a\ntemperature: 3\n---\nYou.", ["3:14 out_of_range"]),
        ("---\nname: a\nbudget: {usd: much}\n---\nYou.", ["3:15 wrong_type"]),
        ("---\nname: a\nbudget: {eur: 1}\n---\nYou.", ["3:10 unknown_key"]),
        ("---\nname: a\noutput: {type: objct}\n---\nYou.", ["3:16 schema_broken"]),
        ("---\nname: a\nruntime: remote\n---\nYou.", ["3:10 not_available_yet"]),
        ("---\nname: a\nruntime: python\n---\nYou.", ["3:10 runtime_settings_missing"]),
        ("---\nname: a\nname: b\n---\nYou.", ["3:1 duplicate_key"]),
        ("---\nname: a\ntags: [x\n---\nYou.", ["3:9 yaml_broken"]),
        ("---\nname: a\nmodel: {{ x }}\n---\nYou.", ["3:8 yaml_template_unquoted"]),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, problems: list[str]) -> None:
    assert said(text) == problems


def test_bytes_that_are_no_text_are_told() -> None:
    problems = Problems()
    assert read_agent(b"---\nname: \xff\n---\nx", "a.md", problems) is None
    assert [one.code for one in problems.errors] == ["encoding_broken"]


def test_a_judge_inherits_no_model() -> None:
    text = """\
        ---
        name: keeper
        description: Keeps to its sources.
        grounded: {judge: inherit}
        ---
        You answer.
        """
    assert said(text) == ["4:19 judge_inherited"]
