"""The offline model's texts: labelled, drawn from the prompt, the same every time."""

import pytest

from kapell.core.gateway.calls import Message, ModelRequest
from kapell.core.gateway.offline.model import LABEL, answer
from kapell.kit.json import Json


def said(prompt: str, role: str = "") -> str:
    messages = (Message("system", role),) if role else ()
    made = answer(ModelRequest(model="offline", messages=(*messages, Message("user", prompt))))
    assert made.offline
    label, _, body = made.text.partition("\n")
    assert label == LABEL
    return body


def test_a_summary_holds_sentences_of_the_text_and_nothing_else() -> None:
    text = (
        "The warehouse in Turin lost power on Monday. Forklifts stood still for six hours. "
        "A generator has been ordered. The canteen served soup. "
        "Power in the warehouse is back since Tuesday, but the Turin warehouse has no reserve."
    )
    body = said(f"Summarise in two sentences: {text}")
    assert body.count(".") == 2
    assert all(sentence.strip(". ") in text for sentence in body.split(". "))
    assert "warehouse" in body


def test_a_reply_is_polite_quotes_the_matter_and_keeps_the_tone() -> None:
    ticket = "Hi, my password reset link does not arrive. Regards,\nAnna Rossi"
    friendly = said(f"Answer this in a friendly tone: {ticket}")
    formal = said(f"Answer this in a formal tone: {ticket}")
    assert "password reset link does not arrive" in friendly
    assert friendly.startswith("Hi Anna Rossi")
    assert formal.startswith("Dear Anna Rossi")
    assert "sincerely" in formal


def test_a_letter_says_what_it_was_asked_to_say() -> None:
    body = said("Write a friendly reminder that invoice KP-7 has not been paid.")
    assert "reminder that invoice KP-7 has not been paid." in body
    assert body.startswith("Hi")


def test_a_template_in_the_prompt_is_filled_from_named_values() -> None:
    body = said(
        "Fill in this template for: Name: Anna, Order: 17\n"
        "```\nDear {name},\nyour order {order} of {date} is on its way.\n```"
    )
    assert body.splitlines() == [
        "Dear Anna,",
        "your order 17 of (date: not stated) is on its way.",
    ]


def test_a_label_is_chosen_among_those_the_prompt_names() -> None:
    prompt = "Classify as billing, shipping or security: somebody hacked my account"
    assert said(prompt) == "security"


def test_facts_are_extracted_as_they_stand() -> None:
    body = said(
        "Extract the facts: Order: 8812; write to ann@example.com before 3 May 2026, $12.50"
    )
    assert "order: 8812" in body
    assert "ann@example.com" in body
    assert "2026-05-03" in body
    assert "12.5" in body


def test_work_it_cannot_do_is_outlined_and_said_to_be_undone() -> None:
    body = said("run_tests\n\nenv: prod", "You test software. Say:\n- unit tests\n- edge cases")
    assert body.startswith("Task: run tests")
    assert "env: prod" in body
    assert "edge cases" in body
    assert "Nothing was carried out" in body


def test_the_same_request_gives_the_same_answer_and_count() -> None:
    request = ModelRequest(
        model="offline", messages=(Message("user", "Reply: where is my parcel?"),)
    )
    assert answer(request) == answer(request)
    assert answer(request).usage.input_tokens == 7


def test_an_answer_keeps_to_the_most_output_and_says_it_was_cut() -> None:
    request = ModelRequest(
        model="offline", messages=(Message("user", "Reply: where is my parcel?"),), max_output=10
    )
    made = answer(request)
    assert made.finish == "length"
    assert made.usage.output_tokens == 10
    assert len(made.text) <= 40


@pytest.mark.parametrize(
    "prompt", ["", " ", "\n\n", "🙂", "a" * 50_000, "::::", "{}{}{name", "((((", "- \n- "]
)
def test_any_prompt_gets_an_answer(prompt: str) -> None:
    assert said(prompt)


@pytest.mark.parametrize(
    "hostile",
    [" ", "\n", "_", "a_", "a@", "1", "1,", "a: ", "<text>", "thanks,\n", "x -> y\n", "```\n"],
)
def test_a_prompt_made_to_hang_a_reader_is_read(hostile: str) -> None:
    prompt = "Extract: " + hostile * (20_000 // len(hostile))
    fields = ("topic", "urgency", "email", "name", "amount", "reply", "summary", "date")
    schema: Json = {
        "type": "object",
        "required": list(fields),
        "properties": {name: {"type": "string"} for name in fields},
    }
    request = ModelRequest(model="offline", messages=(Message("user", prompt),), schema=schema)
    made = answer(request).value
    assert isinstance(made, dict)
    assert set(made) == set(fields)
    assert said(prompt)
