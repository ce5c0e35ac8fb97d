"""LangChain's tools behind our door: the real package, called by its async way."""

import asyncio
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from kapell import tool
from kapell.adapters.tools.discovery.modules import tool_of
from kapell.adapters.tools.langchain import LangChainTool
from kapell.core.tools.declaring import declared
from kapell.kit.errors import Bug, Invalid
from kapell.services.tools.ports import Tool
from tests.integration.tools.calling import Caller

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("langchain_core") is None,
    reason="langchain-core is not installed: the group `frameworks` brings it",
)


def adopted(target: Any, **said: Any) -> Tool:
    """Return a tool as a module of a workspace would declare it."""
    found = declared(tool(**said)(target))
    assert found is not None
    return tool_of(found)


def tools_of_langchain() -> dict[str, Any]:
    """Return tools made in the ways LangChain knows."""
    from langchain_core.tools import (  # noqa: PLC0415 - where it is installed
        BaseTool,
        StructuredTool,
        ToolException,
    )
    from langchain_core.tools import tool as langchain_tool  # noqa: PLC0415 - the same
    from pydantic import BaseModel, Field  # noqa: PLC0415 - beside its user

    @langchain_tool
    def multiply(a: int, b: int) -> int:
        """Multiply two numbers."""
        return a * b

    @langchain_tool
    async def greet(name: str) -> str:
        """Greet somebody, in a while."""
        await asyncio.sleep(0)
        return f"hello, {name}"

    class Wanted(BaseModel):
        city: str = Field(description="Which city.")
        days: int = Field(default=1, ge=1, le=7)

    class Weather(BaseTool):
        name: str = "weather"
        description: str = "Tell the weather."
        args_schema: type[BaseModel] = Wanted

        def _run(self, city: str, days: int = 1) -> dict[str, Any]:
            if city == "Nowhere":
                raise ToolException("there is no such city")
            if city == "Broken":
                raise RuntimeError("out of order")
            return {"city": city, "days": days}

    return {
        "multiply": multiply,
        "greet": greet,
        "weather": Weather(),
        "joined": StructuredTool.from_function(
            func=lambda parts: "-".join(parts),
            name="joined",
            description="Join.",
            args_schema={
                "type": "object",
                "properties": {"parts": {"type": "array", "items": {"type": "string"}}},
                "required": ["parts"],
            },
        ),
    }


@pytest.fixture
def caller(tmp_path: Path) -> Caller:
    """Return a run that may call all of them."""
    found = [adopted(one, effects="read") for one in tools_of_langchain().values()]
    return Caller(tmp_path, *found)


@pytest.mark.requirement("TL-03", "DE-15")
async def test_tools_of_every_making_are_called(caller: Caller) -> None:
    assert await caller.call("multiply", a=6, b=7) == 42
    assert await caller.call("greet", name="Ann") == "hello, Ann"
    assert await caller.call("weather", city="Rome", days=2) == {"city": "Rome", "days": 2}
    assert await caller.call("joined", parts=["a", "b"]) == "a-b"


@pytest.mark.requirement("TL-04")
@pytest.mark.parametrize(
    ("name", "args", "at"),
    [
        ("multiply", {"a": "six", "b": 7}, "a"),
        ("weather", {"city": "Rome", "days": 9}, "days"),
        ("weather", {"town": "Rome", "city": "Rome"}, "town"),
        ("joined", {"parts": "ab"}, "parts"),
    ],
)
async def test_arguments_are_checked_before_langchain_sees_them(
    caller: Caller, name: str, args: dict[str, Any], at: str
) -> None:
    with pytest.raises(Invalid) as caught:
        await caller.result(name, args)
    assert [flaw.at for flaw in caught.value.flaws] == [at]


async def test_what_it_says_it_cannot_do_is_told_apart_from_what_breaks(caller: Caller) -> None:
    with pytest.raises(Invalid, match="there is no such city") as caught:
        await caller.call("weather", city="Nowhere")
    assert caught.value.code == "tool_failed"
    with pytest.raises(Bug, match="out of order"):
        await caller.call("weather", city="Broken")


def test_its_own_words_describe_it_unless_others_are_declared() -> None:
    weather = tools_of_langchain()["weather"]
    plain = LangChainTool(weather).spec
    assert (plain.name, plain.description) == ("weather", "Tell the weather.")
    assert (plain.effects, plain.repeatable, plain.trust) == ("external", False, "untrusted")
    assert isinstance(plain.args, dict)
    assert plain.args["properties"]["city"]["description"] == "Which city."
    named = adopted(weather, name="acme.weather", effects="read", trust="trusted").spec
    assert (named.name, named.repeatable, named.trust) == ("acme.weather", True, "trusted")
