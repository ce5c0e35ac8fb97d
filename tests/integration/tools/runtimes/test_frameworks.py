"""Objects of real frameworks, with models of their tests; a run that mixes them."""

import importlib.util
import sys
from pathlib import Path

import pytest

from kapell.bootstrap.app import open_app
from kapell.core.events.run import RunSucceeded
from kapell.core.events.tool import ToolRequested, ToolReturned
from tests.integration.tools.runtimes.conftest import DESK, Place

pytestmark = pytest.mark.requirement("DE-15")

LANGGRAPH = """
from typing import TypedDict
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import AIMessage
from langgraph.graph import END, START, MessagesState, StateGraph

model = FakeListChatModel(responses=["fine, thanks"])

async def reply(state: MessagesState):
    said = state["messages"][-1].content
    return {"messages": [AIMessage(f"graph heard {said}")]}

talking = (
    StateGraph(MessagesState)
    .add_node("reply", reply).add_edge(START, "reply").add_edge("reply", END).compile()
)

class Topic(TypedDict):
    topic: str

class Work(TypedDict):
    topic: str
    words: int

def count(state: Topic):
    return {"words": len(state["topic"].split())}

counting = (
    StateGraph(Work, input_schema=Topic)
    .add_node("count", count).add_edge(START, "count").add_edge("count", END).compile()
)
chain = model | (lambda message: message.content.upper())
"""
LANGCHAIN = """
from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import FakeListChatModel

def make():
    return create_agent(FakeListChatModel(responses=["an agent of LangChain"]), tools=[])
"""
AUTOGEN = """
from autogen_agentchat.agents import AssistantAgent
from autogen_ext.models.replay import ReplayChatCompletionClient

def make():
    return AssistantAgent("helper", ReplayChatCompletionClient(["an answer of AutoGen"]))
"""
FRAMEWORK = """
from agent_framework import Agent, BaseChatClient, ChatResponse, Message

class Fake(BaseChatClient):
    def _inner_get_response(self, *, messages, stream, options, **more):
        async def answer():
            said = messages[-1].text
            return ChatResponse(messages=Message("assistant", [f"framework heard {said}"]))
        return answer()

helper = Agent(Fake(), instructions="You help.")
"""
OPENAI = """
from agents import Agent, Model, ModelResponse, Usage, set_tracing_disabled
from openai.types.responses import ResponseOutputMessage, ResponseOutputText

set_tracing_disabled(True)

class Fake(Model):
    async def get_response(self, system_instructions, input, *more, **named):
        text = ResponseOutputText(
            type="output_text", text=f"sdk heard {input[-1]['content']}", annotations=[]
        )
        said = ResponseOutputMessage(
            id="m", type="message", role="assistant", status="completed", content=[text]
        )
        return ModelResponse(output=[said], usage=Usage(), response_id=None)

    def stream_response(self, *given, **named):
        raise RuntimeError("not asked for")

helper = Agent(name="helper", instructions="You help.", model=Fake())
"""
CREWAI = """
from crewai import Agent, BaseLLM, Crew, Task

class Fake(BaseLLM):
    def call(self, messages, *given, **named):
        text = str(messages)
        return "Final Answer: crew heard " + ("tea" if "tea" in text else "nothing")

def member():
    return Agent(role="helper", goal="help", backstory="You help.", llm=Fake(model="fake"))

def make():
    helper = member()
    task = Task(description="Think of {prompt}.", expected_output="a word", agent=helper)
    return Crew(agents=[helper], tasks=[task])
"""


def needs(*packages: str) -> pytest.MarkDecorator:
    """Skip a test where a framework is not installed."""
    lacking = [one for one in packages if importlib.util.find_spec(one) is None]
    reason = (
        f"{', '.join(lacking)} not installed: the group `frameworks` brings them (CrewAI apart)"
    )
    return pytest.mark.skipif(bool(lacking), reason=reason)


@needs("langgraph")
async def test_graphs_and_chains_of_langgraph(place: Place) -> None:
    place.write("_graphs.py", LANGGRAPH)
    assert await place.python("_graphs:talking", "tea") == "graph heard tea"
    assert await place.python("_graphs:counting", "one two") == {"topic": "one two", "words": 2}
    assert await place.python("_graphs:counting", {"topic": "a"}) == {"topic": "a", "words": 1}
    assert await place.python("_graphs:model", "how are you?") == "fine, thanks"
    assert await place.python("_graphs:chain", "how are you?") == "FINE, THANKS"


@needs("langchain")
async def test_an_agent_of_langchain(place: Place) -> None:
    place.write("_lang.py", LANGCHAIN)
    assert await place.python("_lang:make", "hi") == "an agent of LangChain"


@needs("autogen_agentchat", "autogen_ext")
async def test_an_agent_of_autogen(place: Place) -> None:
    place.write("_auto.py", AUTOGEN)
    assert await place.python("_auto:make", "hi") == "an answer of AutoGen"


@needs("agent_framework")
async def test_an_agent_of_agent_framework(place: Place) -> None:
    place.write("_framework.py", FRAMEWORK)
    assert await place.python("_framework:helper", "tea") == "framework heard tea"


@needs("agents")
async def test_an_agent_of_openais_sdk(place: Place) -> None:
    place.write("_openai.py", OPENAI)
    assert await place.python("_openai:helper", "tea") == "sdk heard tea"


@needs("crewai")
@pytest.mark.filterwarnings("ignore")  # its modules warn when they are imported
async def test_a_crew_and_its_member(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREWAI_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    place.write("_crew.py", CREWAI)
    assert await place.python("_crew:make", "tea") == "crew heard tea"
    assert await place.python("_crew:make", {"prompt": "tea"}) == "crew heard tea"
    assert "crew heard tea" in str(await place.python("_crew:member", "tea"))


AGENT = "---\nname: {name}\nruntime: {runtime}\n{runtime}: {settings}\n---\nYou help with texts.\n"
MIXED = """\
name: mixed
model: scripted:answers.yaml
steps:
  - {id: graph, agent: grapher, prompt: "tea"}
  - {id: sdk, agent: helper, prompt: "{{ steps.graph.output }}"}
  - {id: boss, agent: boss, prompt: "Ask AutoGen."}
  - {id: desk, agent: desk, prompt: "{{ steps.sdk.output }}"}
outputs: {desk: "{{ steps.desk.output }}", boss: "{{ steps.boss.output }}"}
"""
ANSWERS = """\
answers:
  - {turn: 1, asks: [{tool: agent.auto, args: {task: "Say something."}}]}
  - {turn: 2, saw: "*an answer of AutoGen*", text: "AutoGen has answered."}
"""


@needs("langgraph", "agents", "autogen_agentchat", "autogen_ext")
@pytest.mark.usefixtures("tmux")
async def test_one_run_mixes_four_of_them_and_a_model(tmp_path: Path, place: Place) -> None:
    for name, text in (("_graphs", LANGGRAPH), ("_openai", OPENAI), ("_auto", AUTOGEN)):
        place.write(f"{name}.py", text)
    agents = {
        "grapher": ("python", "{entry: '_graphs:talking'}"),
        "helper": ("python", "{entry: '_openai:helper'}"),
        "auto": ("python", "{entry: '_auto:make'}"),
        "desk": ("tmux", f"{{command: [{sys.executable}, {DESK}], prompt: 'desk> '}}"),
    }
    (tmp_path / "agents").mkdir()
    for name, (runtime, settings) in agents.items():
        text = AGENT.format(name=name, runtime=runtime, settings=settings)
        (tmp_path / "agents" / f"{name}.md").write_text(text, "utf-8")
    boss = "---\nname: boss\ntools: [agent.auto]\n---\nYou ask others.\n"
    (tmp_path / "agents" / "boss.md").write_text(boss, "utf-8")
    (tmp_path / "answers.yaml").write_text(ANSWERS, "utf-8")
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "mixed.yaml").write_text(MIXED, "utf-8")
    async with open_app(tmp_path) as app:
        run = (await app.starter.start("mixed", {})).run_id
        await app.run_until_idle(run)
        events = [one.payload for one in await app.histories.events(run)]
        ended = next(one for one in events if isinstance(one, RunSucceeded))
        assert await app.histories.value(ended.output) == {
            "desk": "1: SDK HEARD GRAPH HEARD TEA",
            "boss": "AutoGen has answered.",
        }
    tools = [one.tool for one in events if isinstance(one, ToolRequested)]
    assert tools == ["runtime.python", "runtime.python", "runtime.tmux"]
    assert {one.trust for one in events if isinstance(one, ToolReturned)} == {"untrusted"}
