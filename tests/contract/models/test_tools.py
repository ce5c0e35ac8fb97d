"""What every vendor's adapter must do with tools: offer them, understand what is asked, go on."""

import json
import re

import pytest

from kapell.adapters.llm.remote.naming import wire_key
from kapell.core.gateway.calls import (
    Message,
    ModelAnswer,
    ModelRequest,
    Thought,
    ToolAsk,
    ToolOffer,
    Usage,
)
from kapell.core.gateway.failures import provider_of
from kapell.kit.errors import Invalid
from kapell.kit.json import Json
from kapell.testing.providers.call import Call
from tests.contract.models.conftest import TRIAGE, Stage

PATH: Json = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
OFFERS = (
    ToolOffer("file.read", "Reads a file.", PATH),
    ToolOffer("table__odd", "Two underlines of its own.", {"type": "object", "properties": {}}),
    ToolOffer("a" * 70 + ".long", "A long name.", {"type": "object", "properties": {}}),
)
ONE = Usage(input_tokens=1, output_tokens=1)
OTHERS = {"anthropic": "openai:gpt-5-mini", "openai": "ollama:llama3.2"}
"""Who is asked next; one that speaks the same wire would understand what is not meant for it."""
THINKING = ("openai", "anthropic", "google", "ollama", "azure")


def turn(
    vendor: str,
    *more: Message,
    tools: tuple[ToolOffer, ...] = OFFERS,
    schema: Json = None,
) -> ModelRequest:
    """Return a turn's call."""
    first = (Message("system", "You read files."), Message("user", "What does a.txt say?"))
    return ModelRequest(model=vendor, messages=(*first, *more), tools=tools, schema=schema)


def asking(*asks: ToolAsk, text: str = "", thoughts: tuple[Thought, ...] = ()) -> ModelAnswer:
    """Return an answer that wants tools called."""
    return ModelAnswer(text=text, asks=asks, thoughts=thoughts, usage=ONE)


@pytest.mark.requirement("LG-11")
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_model_sees_the_tools_and_asks_for_them_by_our_names(
    stage: Stage, vendor: str, streamed: bool
) -> None:
    seen: list[Call] = []

    def answerer(call: Call) -> ModelAnswer:
        seen.append(call)
        asks = [
            ToolAsk(f"id-{number}", tool.name, {"path": "a.txt", "n": number})
            for number, tool in enumerate(call.tools)
        ]
        return asking(*asks, text="Let me look.")

    stage.provider.answerer = answerer
    pieces: list[str] = []
    answer = await stage.gateway.complete(turn(vendor), pieces.append if streamed else None)
    assert [ask.tool for ask in answer.asks] == [offer.name for offer in OFFERS]
    assert [ask.args for ask in answer.asks] == [{"path": "a.txt", "n": n} for n in range(3)]
    assert len({ask.id for ask in answer.asks}) == 3
    assert answer.text == "Let me look."
    assert answer.value is None
    assert "".join(pieces) == ("Let me look." if streamed else "")
    assert seen[0].tool == ""
    assert [tool.description for tool in seen[0].tools] == [offer.description for offer in OFFERS]
    shown = seen[0].tools[0].args
    assert isinstance(shown, dict)
    assert shown["required"] == ["path"]
    assert all(len(tool.name) <= 64 and "." not in tool.name for tool in seen[0].tools)


ODD = (
    ToolOffer(
        "shop.find",
        "By id or by name.",
        {
            "type": "object",
            "additionalProperties": False,
            "anyOf": [
                {"properties": {"id": {"type": "integer"}}, "required": ["id"]},
                {"properties": {"name": {"type": "string"}}, "required": ["name"]},
            ],
        },
    ),
    ToolOffer(
        "shop.refers",
        "What it takes is told elsewhere.",
        {"$ref": "#/$defs/Id", "$defs": {"Id": {"properties": {"id": {}}, "required": ["id"]}}},
    ),
    ToolOffer("shop.all", "It takes nothing.", True),
)


@pytest.mark.requirement("LG-11", "TL-03")
async def test_a_tool_whose_schema_no_vendor_takes_is_offered_in_a_form_that_all_take(
    stage: Stage, vendor: str
) -> None:
    seen: list[Call] = []

    def answerer(call: Call) -> ModelAnswer:
        seen.append(call)
        return asking(ToolAsk("a", call.tools[0].name, {"id": 7}))

    stage.provider.answerer = answerer
    answer = await stage.gateway.complete(turn(vendor, tools=ODD))
    assert [(ask.tool, ask.args) for ask in answer.asks] == [("shop.find", {"id": 7})]
    find, refers, takes_all = (offer.args for offer in seen[0].tools)
    assert isinstance(find, dict)
    assert set(find["properties"]) == {"id", "name"}
    assert isinstance(refers, dict)
    assert (set(refers["properties"]), refers["required"]) == ({"id"}, ["id"])
    assert isinstance(takes_all, dict)
    assert takes_all["type"] == "object"


@pytest.mark.requirement("LG-11")
async def test_a_tool_that_a_vendor_refuses_is_named(stage: Stage, vendor: str) -> None:
    odd = ToolOffer(
        "shop.filter", "Odd.", {"type": "object", "properties": {"a": {"type": "strnig"}}}
    )
    asked = turn(vendor, tools=(*OFFERS, odd))
    stage.provider.answerer = lambda call: asking(text="fine")
    if vendor.startswith(("google", "ollama")):
        assert (await stage.gateway.complete(asked)).text == "fine"
        return
    with pytest.raises(Invalid, match=r"refuses the tool 'shop\.filter'") as caught:
        await stage.gateway.complete(asked)
    assert caught.value.code == "model_refused"
    assert "kapell tools show shop.filter" in caught.value.advice


BY_KEYS: Json = {
    "type": "object",
    "properties": {
        "filter[name]": {"type": "string"},
        "page": {"type": "object", "properties": {"größe": {"type": "integer"}}},
        "rows": {"type": "array", "items": {"$ref": "#/$defs/Row"}},
    },
    "required": ["filter[name]"],
    "dependentRequired": {"filter[name]": ["page"]},
    "$defs": {"Row": {"anyOf": [{"properties": {"a b": {}}, "required": ["a b"]}, {}]}},
}
FILTERED: Json = {
    "filter[name]": "x",
    "page": {"größe": 3},
    "rows": [{"a b": {"filter[name]": 1}}, {"free key": 2}],
}


@pytest.mark.requirement("LG-11", "TL-03")
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_keys_that_a_vendor_refuses_go_under_others_and_come_back(
    stage: Stage, vendor: str, streamed: bool
) -> None:
    """The second turn repeats the first one's arguments: a model must know them again."""
    tool = ToolOffer("shop.filter", "Filters.", BY_KEYS)
    seen: list[Call] = []
    wires = {key: wire_key(key) for key in ("filter[name]", "größe", "a b")}

    def there(text: str) -> str:
        for key, wire in wires.items():
            text = text.replace(f'"{key}"', f'"{wire}"')
        return text

    def answerer(call: Call) -> ModelAnswer:
        seen.append(call)
        args = json.loads(there(json.dumps(FILTERED, ensure_ascii=False)))
        return asking(ToolAsk("c1", call.tools[0].name, args))

    stage.provider.answerer = answerer
    on_delta = (lambda _: None) if streamed else None
    first = await stage.gateway.complete(turn(vendor, tools=(tool,)), on_delta)
    assert [ask.args for ask in first.asks] == [FILTERED]
    history = (
        Message("assistant", "", asks=first.asks),
        Message("tool", "none", answers=first.asks[0].id, tool="shop.filter"),
    )
    await stage.gateway.complete(turn(vendor, *history, tools=(tool,)), on_delta)
    again = next(message for message in seen[1].messages if message.asks)
    assert json.dumps(again.asks[0].args, ensure_ascii=False) == there(
        json.dumps(FILTERED, ensure_ascii=False)
    )
    shown = seen[0].tools[0].args
    assert isinstance(shown, dict)
    assert shown == seen[1].tools[0].args
    assert shown["required"] == [wires["filter[name]"]]
    assert shown["properties"][wires["filter[name]"]]["description"] == "filter[name]"
    keys = set(re.findall(r'"([^"]*)": ', json.dumps(shown, ensure_ascii=False)))
    assert not keys & wires.keys()
    assert set(wires.values()) <= keys


@pytest.mark.requirement("LG-11")
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_an_answer_by_tool_may_have_any_keys(
    stage: Stage, vendor: str, streamed: bool
) -> None:
    schema: Json = {"type": "object", "properties": {"größe (cm)": {"type": "integer"}}}

    def answerer(call: Call) -> ModelAnswer:
        assert isinstance(call.schema, dict)
        (key,) = call.schema["properties"]
        assert not call.tool or key == wire_key("größe (cm)")
        return ModelAnswer(text=json.dumps({key: 7}), usage=ONE)

    stage.provider.answerer = answerer
    pieces: list[str] = []
    answer = await stage.gateway.complete(
        turn(vendor, tools=(), schema=schema), pieces.append if streamed else None
    )
    assert answer.value == {"größe (cm)": 7}
    assert json.loads(answer.text) == answer.value
    if streamed:
        assert json.loads("".join(pieces)) == answer.value


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_asks_without_words_are_an_answer(stage: Stage, vendor: str, streamed: bool) -> None:
    stage.provider.answerer = lambda call: asking(ToolAsk("x1", "file__read", {"path": "ü"}))
    pieces: list[str] = []
    answer = await stage.gateway.complete(turn(vendor), pieces.append if streamed else None)
    assert answer.asks == (ToolAsk("x1", "file.read", {"path": "ü"}),)
    assert (answer.text, answer.finish, pieces) == ("", "stop", [])


async def test_observations_find_their_asks_and_failures_say_so(stage: Stage, vendor: str) -> None:
    seen: list[Call] = []

    def answerer(call: Call) -> ModelAnswer:
        seen.append(call)
        return ModelAnswer(text="It says hello.", usage=ONE)

    stage.provider.answerer = answerer
    history = (
        Message(
            "assistant",
            "Let me look.",
            asks=(
                ToolAsk("call-1", "file.read", {"path": "a.txt"}),
                ToolAsk("call-2", OFFERS[2].name, {}),
            ),
        ),
        Message("tool", '{"text": "hello"}', answers="call-1", tool="file.read"),
        Message("tool", "There is no b.", answers="call-2", tool=OFFERS[2].name, failed=True),
        Message("user", "Go on."),
    )
    answer = await stage.gateway.complete(turn(vendor, *history))
    assert answer.text == "It says hello."
    _, _, said, first, second, last = seen[0].messages
    names = [tool.name for tool in seen[0].tools]
    assert [(ask.id, ask.tool, ask.args) for ask in said.asks] == [
        ("call-1", names[0], {"path": "a.txt"}),
        ("call-2", names[2], {}),
    ]
    assert (said.role, said.text) == ("assistant", "Let me look.")
    assert [first.role, second.role, last.role] == ["tool", "tool", "user"]
    assert (first.answers, second.answers) == ("call-1", "call-2")
    assert json.loads(first.text) == {"text": "hello"}
    assert "There is no b." in second.text
    assert (first.failed, second.failed) == (False, True)
    assert last.text == "Go on."


@pytest.mark.requirement("LG-11")
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_structured_answer_beside_tools(stage: Stage, vendor: str, streamed: bool) -> None:
    """First the model asks, then it gives the answer, in whichever mode its model allows."""

    def answerer(call: Call) -> ModelAnswer:
        assert [tool.description for tool in call.tools] == [one.description for one in OFFERS]
        assert call.schema is not None
        if any(message.role == "tool" for message in call.messages):
            return ModelAnswer(text='{"urgency": "high"}', usage=ONE)
        return asking(ToolAsk("c1", call.tools[0].name, {"path": "a"}))

    stage.provider.answerer = answerer
    pieces: list[str] = []
    on_delta = pieces.append if streamed else None
    first = await stage.gateway.complete(turn(vendor, schema=TRIAGE), on_delta)
    assert [ask.tool for ask in first.asks] == ["file.read"]
    assert first.value is None
    history = (
        Message("assistant", first.text, asks=first.asks, thoughts=first.thoughts),
        Message("tool", "urgent!", answers=first.asks[0].id, tool="file.read"),
    )
    second = await stage.gateway.complete(turn(vendor, *history, schema=TRIAGE), on_delta)
    assert second.value == {"urgency": "high"}
    assert second.asks == ()
    assert json.loads(second.text) == second.value
    if streamed:
        assert json.loads("".join(pieces)) == second.value


async def test_a_tool_called_answer_is_a_tool_like_others(stage: Stage, vendor: str) -> None:
    tools = (ToolOffer("answer", "Answers the door.", PATH), ToolOffer("file.read", "Reads.", PATH))
    seen: list[Call] = []

    def answerer(call: Call) -> ModelAnswer:
        seen.append(call)
        return asking(ToolAsk("c1", "answer", {"path": "door"}))

    stage.provider.answerer = answerer
    answer = await stage.gateway.complete(turn(vendor, tools=tools, schema=TRIAGE))
    assert answer.asks == (ToolAsk("c1", "answer", {"path": "door"}),)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", ["openai:gpt-5-mini", "ollama:llama3.2", "azure:gpt-4o"])
async def test_arguments_that_are_no_json_are_kept_as_they_are(
    stage: Stage, name: str, streamed: bool
) -> None:
    stage.provider.answerer = lambda call: asking(
        ToolAsk("c1", "file__read", broken='{"path": "a.tx')
    )
    answer = await stage.gateway.complete(turn(name), print if streamed else None)
    assert answer.asks == (ToolAsk("c1", "file.read", broken='{"path": "a.tx'),)


async def test_broken_arguments_can_be_shown_to_the_model_again(stage: Stage, vendor: str) -> None:
    seen: list[Call] = []

    def answerer(call: Call) -> ModelAnswer:
        seen.append(call)
        return ModelAnswer(text="I see.", usage=ONE)

    stage.provider.answerer = answerer
    history = (
        Message(
            "assistant",
            "",
            asks=(
                ToolAsk("odd id!", "file.read", broken='{"path": "a.tx'),
                ToolAsk("c2", "file.read", ["a", "list"]),
            ),
        ),
        Message("tool", "no JSON", answers="odd id!", tool="file.read", failed=True),
        Message("tool", "no object", answers="c2", tool="file.read", failed=True),
    )
    await stage.gateway.complete(turn(vendor, *history))
    said, first, second = seen[0].messages[2:]
    assert "a.tx" in json.dumps(said.asks[0].args)
    assert "list" in json.dumps(said.asks[1].args)
    assert [first.answers, second.answers] == [said.asks[0].id, said.asks[1].id]


async def test_calls_of_one_name_get_names_of_their_own(stage: Stage, vendor: str) -> None:
    stage.provider.answerer = lambda call: asking(
        ToolAsk("same", "file__read", {"path": "a"}), ToolAsk("same", "file__read", {"path": "b"})
    )
    answer = await stage.gateway.complete(turn(vendor))
    assert len({ask.id for ask in answer.asks}) == 2
    assert [ask.args for ask in answer.asks] == [{"path": "a"}, {"path": "b"}]


async def test_an_unknown_tool_is_told_as_the_model_meant_it(stage: Stage, vendor: str) -> None:
    stage.provider.answerer = lambda call: asking(
        ToolAsk("c1", "file__write", {}), ToolAsk("c2", "table.read", {})
    )
    answer = await stage.gateway.complete(turn(vendor))
    assert [ask.tool for ask in answer.asks] == ["file.write", "table.read"]


@pytest.mark.requirement("LG-11")
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_reasoning_is_kept_and_goes_back_to_its_provider_only(
    stage: Stage, vendor: str, streamed: bool
) -> None:
    provider = provider_of(vendor)
    seal = "c2lnbmVkIQ==" if provider in ("anthropic", "google") else ""
    thought = Thought("The file must be read first.", seal)
    seen: list[Call] = []

    def answerer(call: Call) -> ModelAnswer:
        seen.append(call)
        return asking(ToolAsk("c1", call.tools[0].name, {"path": "a"}), thoughts=(thought,))

    stage.provider.answerer = answerer
    on_delta = (lambda _: None) if streamed else None
    first = await stage.gateway.complete(turn(vendor), on_delta)
    assert "".join(one.text for one in first.thoughts) == thought.text
    assert {one.provider for one in first.thoughts} == {provider}
    history = (
        Message("assistant", first.text, thoughts=first.thoughts, asks=first.asks),
        Message("tool", "hello", answers=first.asks[0].id, tool="file.read"),
    )
    await stage.gateway.complete(turn(vendor, *history))
    back = seen[-1].messages[2].thoughts
    assert "".join(one.text for one in back) == thought.text
    assert [one.seal for one in back if one.seal] == ([seal] if seal else [])

    other = OTHERS.get(provider, "anthropic:claude-haiku-4-5")
    await stage.gateway.complete(turn(other, *history))
    assert seen[-1].wire == provider_of(other)
    assert seen[-1].messages[2].thoughts == ()
    assert thought.text not in repr(seen[-1])
    assert seen[-1].messages[2].asks[0].args == {"path": "a"}


@pytest.mark.slow
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_reasoning_nobody_may_read_goes_back_too(stage: Stage, streamed: bool) -> None:
    seen: list[Call] = []

    def answerer(call: Call) -> ModelAnswer:
        seen.append(call)
        return asking(
            ToolAsk("c1", call.tools[0].name, {"path": "a"}), thoughts=(Thought("", "aGlkZGVu"),)
        )

    stage.provider.answerer = answerer
    for vendor in ("anthropic:claude-haiku-4-5", "google:gemini-3-pro-preview"):
        first = await stage.gateway.complete(turn(vendor), (lambda _: None) if streamed else None)
        history = (
            Message("assistant", first.text, thoughts=first.thoughts, asks=first.asks),
            Message("tool", "hello", answers=first.asks[0].id, tool="file.read"),
        )
        await stage.gateway.complete(turn(vendor, *history))
        assert [one.seal for one in seen[-1].messages[2].thoughts] == ["aGlkZGVu"]


async def test_a_seal_that_is_none_of_ours_is_left_out(stage: Stage, vendor: str) -> None:
    seen: list[Call] = []

    def answerer(call: Call) -> ModelAnswer:
        seen.append(call)
        return ModelAnswer(text="ok", usage=ONE)

    stage.provider.answerer = answerer
    thoughts = (Thought("hm", "{broken", provider_of(vendor)),)
    await stage.gateway.complete(
        turn(vendor, Message("assistant", "A1", thoughts=thoughts), Message("user", "U2"))
    )
    assert "hm" not in repr(seen[0].messages[2].thoughts)
    assert seen[0].messages[2].text == "A1"


async def test_tokens_of_tool_calls_are_counted_when_the_server_counts_none(stage: Stage) -> None:
    long = {"path": "word " * 200}
    stage.provider.answerer = lambda call: ModelAnswer(
        text="", asks=(ToolAsk("c1", "file__read", long),), usage=Usage()
    )
    answer = await stage.gateway.complete(turn("ollama:llama3.2"))
    assert answer.usage.output_tokens > 150
    assert answer.usage.input_tokens > 40


async def test_the_loopback_provider_calls_what_a_prompt_spells_out(
    stage: Stage, vendor: str
) -> None:
    prompt = 'Summarise it.\nCall file.read {"path": "a.txt"}'
    request = ModelRequest(model=vendor, messages=(Message("user", prompt),), tools=OFFERS)
    answer = await stage.gateway.complete(request)
    assert [(ask.tool, ask.args) for ask in answer.asks] == [("file.read", {"path": "a.txt"})]


async def test_the_loopback_provider_calls_as_often_as_its_model_is_named(stage: Stage) -> None:
    request = turn("openai:calls-1")
    first = await stage.gateway.complete(request)
    assert [ask.tool for ask in first.asks] == ["file.read"]
    history = (
        Message("assistant", "", asks=first.asks),
        Message("tool", "hello", answers=first.asks[0].id, tool="file.read"),
    )
    second = await stage.gateway.complete(turn("openai:calls-1", *history))
    assert second.asks == ()
    assert second.text
