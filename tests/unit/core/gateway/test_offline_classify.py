"""Classification by words: descriptions, examples and general senses of labels."""

import pytest

from kapell.core.gateway.calls import Message, ModelRequest
from kapell.core.gateway.offline.model import answer
from kapell.kit.json import Json

TRIAGE: Json = {
    "type": "object",
    "required": ["urgency", "topic"],
    "properties": {"urgency": {"enum": ["low", "high"]}, "topic": {"type": "string"}},
}


def value(prompt: str, schema: Json, role: str = "You sort support tickets.") -> dict[str, Json]:
    messages = (Message("system", role), Message("user", prompt))
    made = answer(ModelRequest(model="offline", messages=messages, schema=schema)).value
    assert isinstance(made, dict)
    return made


@pytest.mark.parametrize(
    ("ticket", "urgency", "topic"),
    [
        ("I was charged twice for March. Please fix it today!", "high", "billing"),
        ("I can't log in since this morning and my whole team is blocked.", "high", "login"),
        ("Somebody hacked my account, there are orders I did not make.", "high", "security"),
        ("The export crashes with error 500 and the audit is tomorrow.", "high", "technical"),
        ("The site is down and our customers cannot check out.", "high", "technical"),
        ("How do I change the language of the interface?", "low", "question"),
        ("It would be nice to have a dark mode. No rush.", "low", "feature request"),
        ("Thank you for the great service, I love the new dashboard.", "low", "feedback"),
        ("Where is my parcel? I have no tracking number yet.", "low", "shipping"),
        ("It is not urgent, but can you send me a copy of an old invoice?", "low", "billing"),
    ],
)
def test_ordinary_tickets_are_sorted_sensibly(ticket: str, urgency: str, topic: str) -> None:
    made = value(f"Classify this ticket: {ticket}", TRIAGE)
    assert (made["urgency"], made["topic"]) == (urgency, topic)


def test_the_order_of_the_labels_does_not_decide() -> None:
    schema: Json = {"type": "object", "properties": {"urgency": {"enum": ["high", "low"]}}}
    assert value("Classify: just wondering about your opening hours", schema)["urgency"] == "low"


def test_a_scale_of_four_uses_its_ends_and_its_middle() -> None:
    schema: Json = {
        "type": "object",
        "properties": {"severity": {"enum": ["low", "medium", "high", "critical"]}},
    }
    assert value("Rate: emergency! production is down, urgent!!", schema)["severity"] == "critical"
    assert value("Rate: a tiny cosmetic thing, no rush", schema)["severity"] == "low"


def test_descriptions_of_the_schema_decide() -> None:
    schema: Json = {
        "type": "object",
        "properties": {
            "team": {
                "oneOf": [
                    {"const": "red", "description": "boats, harbours and sailing"},
                    {"const": "blue", "description": "bicycles, tyres and chains"},
                ]
            }
        },
    }
    assert value("Sort: the chain of my bicycle fell off", schema)["team"] == "blue"
    assert value("Sort: we need a place in the harbour", schema)["team"] == "red"


def test_definitions_in_the_agents_role_decide() -> None:
    schema: Json = {"type": "object", "properties": {"queue": {"enum": ["alpha", "beta"]}}}
    role = "Put each note into a queue.\n- alpha: gardens, plants\n- beta: engines, gearboxes"
    assert value("Sort this: the gearbox grinds", schema, role)["queue"] == "beta"
    assert value("Sort this: my plants are dry", schema, role)["queue"] == "alpha"


def test_examples_in_the_prompt_decide() -> None:
    schema: Json = {"type": "object", "properties": {"kind": {"enum": ["zig", "zag"]}}}
    role = 'Examples:\n"the moon is bright tonight" -> zag\n"bread rises in the oven" -> zig'
    assert value("Classify: how bright is the moon", schema, role)["kind"] == "zag"
    assert value("Classify: an oven for bread", schema, role)["kind"] == "zig"


def test_mood_and_truth_are_counted() -> None:
    schema: Json = {
        "type": "object",
        "properties": {
            "sentiment": {"enum": ["positive", "neutral", "negative"]},
            "refund_requested": {"type": "boolean"},
        },
    }
    bad = value("Analyse: terrible service, I want my money back, a full refund", schema)
    good = value("Analyse: I love it, works great", schema)
    assert bad == {"sentiment": "negative", "refund_requested": True}
    assert good == {"sentiment": "positive", "refund_requested": False}


def test_a_negated_word_does_not_count() -> None:
    assert value("Classify: this is not urgent", TRIAGE)["urgency"] == "low"
    assert value("Classify: this is urgent", TRIAGE)["urgency"] == "high"
