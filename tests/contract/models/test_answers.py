"""What every model's adapter must do when all goes well."""

import asyncio
import json

import jsonschema_rs
import pytest

from kapell.core.gateway.calls import Message, ModelAnswer, ModelRequest, Usage
from kapell.core.gateway.failures import provider_of
from kapell.kit.json import Json
from kapell.testing.providers.call import Call
from tests.contract.models.conftest import TRIAGE, VENDORS, Stage, asked

URGENT = "Classify this ticket: our production site is down, this is urgent!"


@pytest.mark.requirement("LG-02")
async def test_text(stage: Stage, model: str) -> None:
    answer = await stage.gateway.complete(asked(model))
    assert answer.text
    assert answer.value is None
    assert answer.finish == "stop"
    assert answer.offline == (model == "offline")


@pytest.mark.requirement("LG-02")
async def test_structured(stage: Stage, model: str) -> None:
    answer = await stage.gateway.complete(asked(model, URGENT, TRIAGE))
    assert answer.value == {"urgency": "high"}
    assert json.loads(answer.text) == answer.value


@pytest.mark.parametrize(
    "schema",
    [
        {"enum": ["low", "high"]},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
        {"$ref": "#/$defs/u", "$defs": {"u": {"enum": ["low", "high"]}}},
        {
            "type": "object",
            "required": ["u"],
            "properties": {"u": {"$ref": "#/$defs/u"}},
            "$defs": {"u": {"enum": ["low", "high"]}},
        },
    ],
    ids=["enum", "list", "ref", "object with ref"],
)
async def test_any_root_of_a_schema(stage: Stage, vendor: str, schema: Json) -> None:
    answer = await stage.gateway.complete(asked(vendor, URGENT, schema))
    jsonschema_rs.validate(schema, answer.value)  # type: ignore[arg-type]  # plain data
    assert json.loads(answer.text) == answer.value


async def test_streamed_text_is_the_text(stage: Stage, model: str) -> None:
    pieces: list[str] = []
    answer = await stage.gateway.complete(asked(model), pieces.append)
    assert len(pieces) > 1
    assert "".join(pieces) == answer.text
    assert answer.text == (await stage.gateway.complete(asked(model))).text


async def test_streamed_structured(stage: Stage, model: str) -> None:
    pieces: list[str] = []
    answer = await stage.gateway.complete(asked(model, URGENT, TRIAGE), pieces.append)
    assert answer.value == {"urgency": "high"}
    assert json.loads("".join(pieces)) == answer.value


@pytest.mark.parametrize("streamed", [False, True])
async def test_usage_is_what_the_provider_counted(
    stage: Stage, vendor: str, streamed: bool
) -> None:
    used = Usage(input_tokens=1200, output_tokens=34, cached_input_tokens=1000)
    stage.provider.answerer = lambda call: ModelAnswer(text="hello", usage=used, model=call.model)
    deltas: list[str] = []
    answer = await stage.gateway.complete(asked(vendor), deltas.append if streamed else None)
    assert answer.usage == used


@pytest.mark.parametrize("reported", [0, 10**21])
async def test_usage_is_counted_when_the_provider_counts_nothing_that_can_be(
    stage: Stage, reported: int
) -> None:
    used = Usage(input_tokens=reported, output_tokens=reported, cached_input_tokens=reported)
    stage.provider.answerer = lambda call: ModelAnswer(
        text="hello there", usage=used, model=call.model
    )
    answer = await stage.gateway.complete(asked("ollama:llama3.2"))
    assert 10 < answer.usage.input_tokens < 100
    assert answer.usage.output_tokens == 3
    assert answer.usage.cached_input_tokens == 0


async def test_text_of_any_script_survives(stage: Stage, vendor: str) -> None:
    said = 'Grüße, naïve 日本語 🙂 \u202e "quotes" \\ \n\ttab </s>'
    seen: list[str] = []

    def answerer(call: Call) -> ModelAnswer:
        seen.append(call.messages[-1].text)
        return ModelAnswer(text=said, usage=Usage(input_tokens=1, output_tokens=1))

    stage.provider.answerer = answerer
    pieces: list[str] = []
    whole = await stage.gateway.complete(asked(vendor, said))
    streamed = await stage.gateway.complete(asked(vendor, said), pieces.append)
    assert whole.text == streamed.text == "".join(pieces) == said
    assert seen == [said, said]


async def test_a_large_prompt_arrives_whole(stage: Stage, model: str) -> None:
    text = "Summarise: " + "The pump of hall seven leaks again. " * 8_000
    answer = await stage.gateway.complete(asked(model, text))
    assert answer.text
    assert answer.usage.input_tokens > 60_000


async def test_turns_of_a_correction_keep_their_order(stage: Stage, vendor: str) -> None:
    seen: list[list[str]] = []

    def answerer(call: Call) -> ModelAnswer:
        seen.append([f"{message.role}: {message.text}" for message in call.messages])
        return ModelAnswer(text="ok", usage=Usage(input_tokens=1, output_tokens=1))

    stage.provider.answerer = answerer
    messages = (
        Message("system", "S"),
        Message("user", "U1"),
        Message("assistant", "A1"),
        Message("user", "U2"),
    )
    await stage.gateway.complete(ModelRequest(model=vendor, messages=messages))
    assert seen == [["system: S", "user: U1", "assistant: A1", "user: U2"]]


async def test_the_most_output_is_asked_for_and_a_cut_answer_says_so(
    stage: Stage, vendor: str
) -> None:
    limits: list[int] = []

    def answerer(call: Call) -> ModelAnswer:
        limits.append(call.max_output)
        usage = Usage(input_tokens=1, output_tokens=7)
        return ModelAnswer(text="half an ans", usage=usage, finish="length")

    stage.provider.answerer = answerer
    answer = await stage.gateway.complete(asked(vendor, max_output=7))
    assert limits == [7]
    assert answer.finish == "length"


async def test_the_idempotency_key_travels_with_the_call(stage: Stage, vendor: str) -> None:
    await stage.gateway.complete(asked(vendor, key="run-1/classify[3]#2/1"))
    assert dict(stage.provider.record.received()) == {"run-1/classify[3]#2/1": 1}


@pytest.mark.parametrize("name", ["openai", "anthropic", "google", "ollama", "azure"])
async def test_an_answer_that_is_no_json_has_no_value(stage: Stage, name: str) -> None:
    vendor = VENDORS[name]
    stage.provider.answerer = lambda _: ModelAnswer(
        text="I would rather not.", usage=Usage(input_tokens=1, output_tokens=1)
    )
    answer = await stage.gateway.complete(asked(vendor, URGENT, TRIAGE))
    assert (answer.text, answer.value) == ("I would rather not.", None)


async def test_calls_side_by_side_do_not_mix(stage: Stage, vendor: str) -> None:
    stage.provider.answerer = lambda call: ModelAnswer(
        text=call.messages[-1].text, usage=Usage(input_tokens=1, output_tokens=1)
    )
    answers = await asyncio.gather(
        *(stage.gateway.complete(asked(vendor, f"call {number}")) for number in range(20))
    )
    assert [answer.text for answer in answers] == [f"call {number}" for number in range(20)]
    assert provider_of(vendor) == stage.provider.record.entries[0].wire


@pytest.mark.parametrize("schema", [None, TRIAGE], ids=["text", "structured"])
@pytest.mark.parametrize(
    "vendor",
    [*VENDORS.values(), "openai:gpt-4.1", "openai:o3", "openai:gpt-5.1", "anthropic:claude-opus-5"],
)
async def test_a_temperature_is_no_obstacle(stage: Stage, vendor: str, schema: Json) -> None:
    request = ModelRequest(
        model=vendor, messages=(Message("user", URGENT),), schema=schema, temperature=0.0
    )
    assert (await stage.gateway.complete(request)).text
