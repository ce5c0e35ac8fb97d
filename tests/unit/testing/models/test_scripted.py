"""The scripted model: entries by label or in order, errors, corrections, clear complaints."""

from pathlib import Path

import pytest

from kapell.core.gateway.calls import Message, ModelAnswer, ModelRequest
from kapell.kit.errors import KapellError, Limited
from kapell.testing.models.scripted import ScriptedModel

SCRIPT = """
answers:
  - label: "classify[*]#1/1"
    text: not json
  - label: "classify[*]#1/*"
    value: {urgency: high}
    usage: {input_tokens: 10, output_tokens: 2}
  - label: limited*
    times: 1
    error: {code: model_rate_limited, retry_after: 2.5}
  - text: first
  - text: second
    delay: 1ms
"""


async def ask(model: ScriptedModel, label: str, key: str = "", name: str = "s.yaml") -> ModelAnswer:
    return await model.complete(
        ModelRequest(
            model=f"scripted:{name}",
            messages=(Message("user", "hello"),),
            schema={"type": "object"} if label.startswith("classify") else None,
            label=label,
            idempotency_key=key,
        )
    )


@pytest.fixture
def model(tmp_path: Path) -> ScriptedModel:
    (tmp_path / "s.yaml").write_text(SCRIPT, "utf-8")
    return ScriptedModel(tmp_path)


async def test_labels_choose_and_an_invalid_answer_can_come_first(model: ScriptedModel) -> None:
    wrong = await ask(model, "classify[3]#1/1")
    right = await ask(model, "classify[3]#1/2")
    assert (wrong.text, wrong.value) == ("not json", None)
    assert right.value == {"urgency": "high"}
    assert right.usage.total == 12
    assert (await ask(model, "classify[4]#1/1")).text == "not json"


async def test_entries_without_label_serve_in_order_once(model: ScriptedModel) -> None:
    assert (await ask(model, "draft")).text == "first"
    assert (await ask(model, "draft")).text == "second"
    with pytest.raises(KapellError) as caught:
        await ask(model, "draft")
    assert caught.value.code == "scripted_answer_missing"
    assert "'draft'" in caught.value.message


async def test_a_repeated_key_gets_the_same_answer(model: ScriptedModel) -> None:
    assert (await ask(model, "draft", key="k")).text == "first"
    assert (await ask(model, "draft", key="k")).text == "first"
    assert (await ask(model, "draft", key="other")).text == "second"


async def test_errors_are_those_of_the_tree(model: ScriptedModel) -> None:
    with pytest.raises(Limited) as caught:
        await ask(model, "limited#1")
    assert (caught.value.code, caught.value.retry_after) == ("model_rate_limited", 2.5)
    assert (await ask(model, "limited#2")).text == "first"


async def test_json_files_work_too(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"text": "from json"}]', "utf-8")
    assert (await ask(ScriptedModel(tmp_path), "x", name="a.json")).text == "from json"


async def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(KapellError) as caught:
        await ask(ScriptedModel(tmp_path), "x", name="gone.yaml")
    assert caught.value.code == "script_missing"


@pytest.mark.parametrize(
    "text",
    [
        "answers: 3",
        "- {text: a, value: 1}",
        "- {}",
        "- {text: a, delay: soon}",
        "- {error: {code: no_such_code}}",
        "- {txt: a}",
        "- {text: a, finish: never}",
        "a: [b",
    ],
)
async def test_a_broken_script_says_what_is_wrong(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.yaml").write_text(text, "utf-8")
    with pytest.raises(KapellError) as caught:
        await ask(ScriptedModel(tmp_path), "x")
    assert caught.value.code == "script_broken"
    assert "s.yaml" in caught.value.message


def turn(*more: Message, label: str = "agent#1/1", key: str = "") -> ModelRequest:
    """Return a turn's call."""
    return ModelRequest(
        model="scripted:inline",
        messages=(Message("user", "read it"), *more),
        label=label,
        idempotency_key=key,
    )


@pytest.mark.requirement("LG-11")
async def test_asks_by_turn_and_an_answer_after_them(tmp_path: Path) -> None:
    script = [
        {
            "label": "agent*",
            "turn": 1,
            "text": "Let me look.",
            "thoughts": ["It is a file."],
            "asks": [{"tool": "file.read", "args": {"path": "a"}}, {"tool": "x", "broken": "{"}],
        },
        {"label": "agent*", "turn": 2, "text": "It says hello."},
    ]
    model = ScriptedModel(tmp_path, script)
    for _ in range(2):
        first = await model.complete(turn())
        assert first.text == "Let me look."
        assert [(ask.tool, ask.args, ask.broken) for ask in first.asks] == [
            ("file.read", {"path": "a"}, ""),
            ("x", None, "{"),
        ]
        assert len({ask.id for ask in first.asks}) == 2
        assert [thought.text for thought in first.thoughts] == ["It is a file."]
        said = Message("assistant", first.text, asks=first.asks)
        second = await model.complete(turn(said, Message("tool", "hello", answers="1")))
        assert (second.text, second.asks) == ("It says hello.", ())


async def test_an_entry_may_wait_for_what_the_model_is_told(tmp_path: Path) -> None:
    script = [
        {"saw": "*no such file*", "asks": [{"tool": "file.list"}]},
        {"label": "*", "asks": [{"tool": "file.read", "args": {"path": "b"}}]},
    ]
    model = ScriptedModel(tmp_path, script)
    first = await model.complete(turn())
    said = Message("assistant", "", asks=first.asks)
    error = Message("tool", "There is no such file: b", answers=first.asks[0].id, failed=True)
    assert (await model.complete(turn(said, error))).asks[0].tool == "file.list"
    assert first.asks[0].tool == "file.read"
    assert first.value is None
