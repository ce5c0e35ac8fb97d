"""A task finds its agent by its words, and the choice says which."""

import pytest

from kapell.core.agents.definition import Agent
from kapell.core.agents.routing import route

pytestmark = pytest.mark.requirement("DE-06")

AGENTS = [
    Agent(name="backend-api", instructions="x", capabilities=("build",), tags=("engineering",)),
    Agent(name="frontend-ui", instructions="x"),
    Agent(name="database", instructions="x"),
    Agent(name="testing", instructions="x"),
    Agent(name="deployment", instructions="x"),
    Agent(name="researcher", instructions="x"),
    Agent(name="orchestrator", instructions="x", tier="orchestrator"),
    Agent(name="tax", instructions="x", description="Knows about VAT and customs.", tags=("law",)),
]


@pytest.mark.parametrize(
    ("task", "agent"),
    [
        ("API", "backend-api"),
        ("Build a REST API for orders", "backend-api"),
        ("Add an endpoint that returns users", "backend-api"),
        ("Make the login form accessible in React", "frontend-ui"),
        ("database", "database"),
        ("Speed up the SQL query of the report", "database"),
        ("Write unit tests for the parser", "testing"),
        ("Deploy version 2 to production", "deployment"),
        ("Research what competitors charge, with sources", "researcher"),
        ("How much customs do we pay?", "tax"),
        ("law", "tax"),
    ],
)
def test_a_task_finds_its_agent(task: str, agent: str) -> None:
    choice = route(task, AGENTS)
    assert choice is not None
    assert (choice.agent, choice.certain) == (agent, True)
    assert choice.candidates[0].reasons
    assert all(repr(one.word) in choice.why for one in choice.candidates[0].reasons[:5])


def test_without_a_word_for_anybody_the_last_resort_gets_it() -> None:
    choice = route("xyzzy", AGENTS)
    assert choice is not None
    assert (choice.agent, choice.certain, choice.candidates) == ("orchestrator", False, ())
    alone = route("xyzzy", AGENTS[1:3])
    assert alone is not None
    assert alone.agent == "database"
    assert route("anything", []) is None


def test_every_candidate_is_told_best_first() -> None:
    choice = route("Deploy the API", AGENTS)
    assert choice is not None
    assert [one.agent for one in choice.candidates][:2] == ["deployment", "backend-api"]
    scores = [one.score for one in choice.candidates]
    assert scores == sorted(scores, reverse=True)
