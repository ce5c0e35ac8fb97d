"""The answer in what a framework returns: its shape is known, nothing of it is imported."""

from collections.abc import Mapping
from typing import Any

from kapell.adapters.tools.python.shapes import as_json
from kapell.kit.errors import Invalid
from kapell.kit.json import Json

_MESSAGES = "messages"


def answer_of(agent: str, returned: Any) -> Json:
    """Return the answer as JSON.

    Raises:
        Invalid: ``runtime_answer_not_json``.
    """
    try:
        return as_json(_inner(returned))
    except (TypeError, ValueError, RecursionError) as error:
        raise Invalid(
            f"The agent {agent} returned what has no form in JSON: {error}.",
            code="runtime_answer_not_json",
            advice="Let a function of your own ask the object and return text, numbers, lists or "
            "mappings, and name that function in `entry:`.",
        ) from error


def _inner(value: Any) -> Any:
    """Return the part of a result that is the answer."""
    if isinstance(value, Mapping):
        return _of_state(value)
    if hasattr(value, "final_output"):  # a run of OpenAI's SDK
        return value.final_output
    if hasattr(value, "raw") and hasattr(value, "pydantic"):  # what a crew or its agent made
        return value.pydantic or getattr(value, "json_dict", None) or value.raw
    if hasattr(value, _MESSAGES) and hasattr(value, "stop_reason"):  # a task of AutoGen
        return _of_message(value.messages[-1]) if value.messages else None
    if hasattr(value, _MESSAGES) and hasattr(value, "text"):  # a response of agent-framework
        structured = getattr(value, "value", None)
        return value.text if structured is None else structured
    return _of_message(value)


def _of_state(state: Mapping[str, Any]) -> Any:
    """Return the answer in a graph's state; the state itself when it holds no conversation."""
    if state.get("structured_response") is not None:
        return state["structured_response"]
    said = state.get(_MESSAGES)
    if isinstance(said, list | tuple) and said and hasattr(said[-1], "content"):
        return _of_message(said[-1])
    return state


def _of_message(message: Any) -> Any:
    content = getattr(message, "content", None)
    if content is None or isinstance(message, type):
        return message
    if isinstance(content, list | tuple):
        parts = [one if isinstance(one, str) else _text(one) for one in content]
        return "".join(parts)
    return content


def _text(part: Any) -> str:
    text = part.get("text") if isinstance(part, Mapping) else None
    return text if isinstance(text, str) else ""
