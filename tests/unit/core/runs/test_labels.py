"""Trust labels: whoever had a part in a value is known, through whatever it went."""

from typing import Any

import msgspec
import pytest

from kapell.core.agents.definition import Agent
from kapell.core.events.guarding.approval import ApprovalRequested
from kapell.core.events.model import ModelRequested
from kapell.core.events.run import RunForked, RunSucceeded
from kapell.core.events.signal import ChildStarted
from kapell.core.events.step import StepFailed, StepSkipped, StepSucceeded
from kapell.core.events.tool import FileChange, ToolRequested
from kapell.core.events.value import Inline
from kapell.core.gateway.calls import ModelAnswer, Usage
from kapell.core.guardrails.labels import WEB, Label
from kapell.core.guardrails.spotlight import about, marked, without_material
from kapell.core.runs.commands import Answer, ChildOutcome, Repair, Signal
from kapell.core.runs.fold.snapshot import dump_state, load_state
from kapell.core.runs.inputs import ToolReplied
from kapell.core.runs.state import OpenCall
from kapell.core.tools.spec import ToolSpec
from kapell.core.workflows.pins import Pins
from kapell.kit.errors import Failure
from kapell.kit.ids import RunId
from kapell.kit.json import Digest, Json
from kapell.testing.simulation import Simulation
from tests.unit.core.runs.running import BAD, ONCE, ran, sim
from tests.unit.core.runs.test_turns import ask, turn_of
from tests.unit.core.workflows.authoring import version_of

FETCH = "- {id: page, tool: web.fetch, with: {url: 'https://example.com'}}"


def outputs(made: Simulation) -> dict[str, Label]:
    """Return the label of every step's output, by path."""
    return {
        e.payload.path: e.payload.label for e in made.events if isinstance(e.payload, StepSucceeded)
    }


def arguments(made: Simulation, path: str) -> dict[str, Label]:
    """Return the labels a step's tool was called with."""
    return next(
        dict(e.payload.labels)
        for e in made.events
        if isinstance(e.payload, ToolRequested) and e.payload.path == path
    )


def prompt(made: Simulation, path: str) -> Label:
    """Return the label of what a step's model was sent last."""
    asked = [e.payload for e in made.events if isinstance(e.payload, ModelRequested)]
    return [one for one in asked if one.path == path][-1].label


@pytest.mark.requirement("GR-01", "GR-06", "TL-06")
def test_each_argument_carries_its_own_origin() -> None:
    made = ran(
        f"""
        {FETCH}
        - id: send
          tool: mail.send
          with: {{to: ada@example.com, body: "{{{{ steps.page.output.url }}}}"}}
        """
    )
    assert arguments(made, "page") == {}
    assert arguments(made, "send") == {"body": ("web",)}
    assert outputs(made) == {"page": ("web",), "send": ("tool", "web")}
    assert made.events[-1].payload.label == ("tool", "web")  # type: ignore[union-attr]  # the run ended well


def test_inputs_are_the_word_of_whoever_gave_them() -> None:
    steps = '[{id: a, set: {x: "{{ inputs.who }}"}}, {id: b, set: {x: "{{ inputs.text }}"}}]'
    labels: dict[str, Label] = {"who": ("user",), "text": ("user", "web")}
    made = Simulation(
        sim(steps).program.version,
        {"who": "Ada", "text": "Hi"},
        lambda _, args: args,
        labels=labels,
    )
    made.run()
    assert outputs(made) == {"a": ("user",), "b": ("user", "web")}


def test_a_models_answer_carries_all_it_was_sent() -> None:
    made = ran(
        f"""
        {FETCH}
        - {{id: plain, ask: Say hello}}
        - {{id: sum, ask: "Sum up {{{{ steps.page.output }}}}"}}
        - {{id: after, ask: "Say {{{{ steps.sum.output }}}}"}}
        """
    )
    assert prompt(made, "plain") == ()
    assert prompt(made, "sum") == ("web",)
    assert prompt(made, "after") == ("agent", "web")
    assert outputs(made)["plain"] == ("agent",)
    assert outputs(made)["after"] == ("agent", "web")


def test_what_strangers_data_decides_carries_their_label() -> None:
    made = ran(
        f"""
        {FETCH}
        - {{id: maybe, when: "steps.page.output.url == 'x'", set: {{x: 1}}}}
        - {{id: follows, depends_on: [maybe], set: {{x: 2}}}}
        - id: choice
          depends_on: [page]
          switch:
            cases:
              - name: a
                when: steps.page.output.url
                steps: [{{id: in, tool: t.do, with: {{a: 1}}}}]
        - id: each
          depends_on: [page]
          for_each: ["{{{{ steps.page.output.url }}}}"]
          steps: [{{id: one, tool: t.do, with: {{a: 1}}}}]
        - id: again
          depends_on: [page]
          loop: {{steps: [{{id: two, set: {{n: 1}}}}], until: steps.page.output.url, max: 2}}
        - {{id: free, depends_on: [page], set: {{x: 3}}}}
        """
    )
    skips = {
        e.payload.path: e.payload.label for e in made.events if isinstance(e.payload, StepSkipped)
    }
    assert skips == {"maybe": ("web",), "follows": ("web",)}
    found = outputs(made)
    assert arguments(made, "choice:a/in") == {"": ("web",)}
    assert arguments(made, "each[0]/one") == {"": ("web",)}
    assert all(found[path] == ("tool", "web") for path in ("choice", "each", "each[0]/one"))
    assert found["again@1/two"] == ()  # it is decided only after the pass whether there is one more
    assert found["again"] == ("web",)
    assert found["free"] == ()


def test_a_failure_and_its_handler_carry_what_was_read() -> None:
    def effect(call: OpenCall, args: Json) -> Json | Failure:
        return BAD if call.name in {"web.fetch", "t.bad"} else args

    made = ran(
        """
        - id: page
          tool: web.fetch
          on_error: {steps: [{id: note, set: {why: "{{ error.message }}", own: 1}}]}
        - {id: own, tool: t.bad, on_error: {steps: [{id: note, set: {why: "{{ error.code }}"}}]}}
        """,
        effect,
    )
    failed = [e.payload.label for e in made.events if isinstance(e.payload, StepFailed)]
    assert failed == [("web",), ("tool",)]
    assert outputs(made)["page!error/note"] == ("web",)
    assert outputs(made)["own!error/note"] == ("tool",)


def test_people_and_signals() -> None:
    made = ran(
        f"""
        {FETCH}
        - {{id: ask, approval: {{title: Well, data: {{a: "{{{{ steps.page.output }}}}"}}}}}}
        - {{id: mine, depends_on: [], approval: {{title: Well}}}}
        - {{id: come, depends_on: [], wait: {{signal: s}}}}
        - {{id: known, depends_on: [], wait: {{signal: k, trust: trusted}}}}
        """
    )
    made.tell(Answer("ask", approved=True))
    made.tell(Answer("mine", approved=True))
    made.tell(Signal("s", 1))
    made.tell(Signal("k", 1))
    found = outputs(made)
    requested = [e.payload for e in made.events if isinstance(e.payload, ApprovalRequested)]
    assert {one.path: one.label for one in requested} == {"ask": ("web",), "mine": ()}
    assert found["ask"] == ("user", "web")
    assert found["mine"] == ("user",)
    assert found["come"] == ("web",)
    assert found["known"] == ("user",)


def test_a_compensation_has_its_frozen_arguments_labels() -> None:
    def effect(call: OpenCall, args: Json) -> Json | Failure:
        return BAD if call.name == "t.bad" else args

    made = ran(
        """
        - {id: page, tool: web.fetch, with: {url: x}}
        - id: make
          tool: t.do
          with: {a: 1}
          compensate:
            tool: t.undo
            with: {own: "{{ steps.make.output }}", seen: "{{ steps.page.output }}", c: 1}
        - {id: bad, tool: t.bad}
        """,
        effect,
        head="on_failure: compensate",
    )
    undone = next(
        dict(e.payload.labels)
        for e in made.events
        if isinstance(e.payload, ToolRequested) and e.payload.tool == "t.undo"
    )
    assert undone == {"own": ("tool",), "seen": ("web",)}


def test_a_sub_workflow_passes_labels_both_ways() -> None:
    sub = """
    name: sub
    inputs: {a: {}, b: {}}
    steps: [{id: x, set: {a: "{{ inputs.a }}"}}, {id: y, set: {b: "{{ inputs.b }}"}}]
    outputs: {got: "{{ steps.x.output.a }}"}
    """
    made = ran(
        f"""
        {FETCH}
        - {{id: web, workflow: sub, with: {{a: "{{{{ steps.page.output.url }}}}", b: 1}}}}
        - {{id: own, workflow: sub, with: {{a: 1, b: "{{{{ steps.page.output.url }}}}"}}}}
        """,
        workflows={"sub": sub},
    )
    found = outputs(made)
    assert (found["web/x"], found["web/y"], found["web"]) == (("web",), (), ("web",))
    assert (found["own/x"], found["own/y"], found["own"]) == ((), ("web",), ())


def test_a_child_run_is_told_labels_and_tells_its_own() -> None:
    sub = "{name: sub, inputs: {a: {}}, steps: [{id: x, set: {a: 1}}]}"
    made = ran(
        f"""
        {FETCH}
        - {{id: c, workflow: sub, detached: true, with: {{a: "{{{{ steps.page.output }}}}"}}}}
        """,
        workflows={"sub": sub},
    )
    child = next(e.payload for e in made.events if isinstance(e.payload, ChildStarted))
    assert child.labels == {"a": ("web",)}
    outcome = ChildOutcome(child.run_id, "c", "succeeded", "got", label=("agent", "web"))
    made.tell(outcome)
    assert outputs(made)["c"] == ("agent", "web")


def test_the_label_survives_a_crash_a_retry_and_a_loop() -> None:
    made = sim(
        f"""
        {FETCH}
        - id: again
          loop:
            steps:
              - {{id: two, set: {{n: "{{{{ pass.previous }}}}", p: "{{{{ steps.page.output }}}}"}}}}
            until: pass.number >= 3
        - {{id: wait, wait: {{for: 5s}}}}
        - {{id: use, tool: t.do, with: {{a: "{{{{ steps.again.output }}}}"}}}}
        """
    )
    made.claim()
    made.step()
    made.crash()
    made.run()
    assert outputs(made)["again"] == ("web",)
    assert arguments(made, "use") == {"a": ("web",)}


def test_what_a_person_puts_in_place_of_a_result_is_theirs() -> None:
    made = ran(
        f"{FETCH}\n- {{id: use, tool: bad, with: {{a: '{{{{ steps.page.output }}}}'}}}}",
        head="on_failure: hold",
    )
    made.tell(Repair("use", {"fine": True}))
    assert outputs(made)["use"] == ("user",)


def test_a_fork_keeps_labels_and_takes_new_inputs_as_its_makers() -> None:
    made = ran(f"{FETCH}\n- {{id: use, tool: t.do, with: {{a: '{{{{ steps.page.output }}}}'}}}}")
    upto = next(e.seq for e in made.events if e.type == "step.succeeded")
    fork = made.fork(upto, RunForked(RunId("f1".rjust(26, "0")), upto))
    fork.run()
    assert arguments(fork, "use") == {"a": ("web",)}
    replaced = RunForked(RunId("f2".rjust(26, "0")), upto, path="page", output=Inline("mine"))
    other = made.fork(upto, replaced)
    other.run()
    assert arguments(other, "use") == {"a": ("user",)}


def test_a_result_taken_over_from_another_run_keeps_its_label() -> None:
    steps = f"""
    {FETCH}
    - {{id: kept, cache: {{ttl: 1h, key: k}}, set: {{a: "{{{{ steps.page.output }}}}"}}}}
    - {{id: same, tool: t.do, with: {{a: "{{{{ steps.kept.output }}}}"}}}}
    """
    made = ran(steps)
    other = sim(steps)
    other.cached = made.cached
    other.run()
    assert any(getattr(e.payload, "cached", False) for e in other.events)
    assert arguments(other, "same") == {"a": ("web",)}


def test_everything_in_an_imported_run_is_the_word_of_strangers() -> None:
    version = sim('[{id: a, tool: t.do, with: {a: 1, b: "{{ inputs.x }}"}}]').program.version
    made = Simulation(version, {"x": 1}, lambda _, args: args, labels={"": ("web",)})
    made.run()
    assert arguments(made, "a") == {"b": ("web",)}
    assert isinstance(made.events[-1].payload, RunSucceeded)


READ: Json = {"type": "object", "properties": {"path": {"type": "string", "x-kapell-path": True}}}
FILE_TOOLS = {
    "save": ToolSpec(name="save", description="", args=READ, effects="write"),
    "read": ToolSpec(name="read", description="", args=READ),
    "all": ToolSpec(name="all", description="", args={}),
    "apart": ToolSpec(name="apart", description="", args={}, folder=False),
    "web.fetch": ToolSpec(name="web.fetch", description="", args={}, trust="untrusted"),
}


@pytest.mark.requirement("TL-06")
def test_a_file_keeps_the_label_of_who_wrote_it() -> None:
    version = sim(
        """
        - {id: page, tool: web.fetch}
        - {id: put, tool: save, with: {path: out/page.txt, text: "{{ steps.page.output }}"}}
        - {id: own, tool: save, depends_on: [put], with: {path: own.txt}}
        - {id: got, tool: read, with: {path: ./out//page.txt}}
        - {id: folder, tool: read, with: {path: out}}
        - {id: other, tool: read, with: {path: own.txt}}
        - {id: some, tool: read, with: {path: "*.txt"}}
        - {id: every, tool: all}
        - {id: apart, tool: apart}
        - {id: send, tool: apart, with: {path: out/page.txt}}
        """
    ).program.version
    made = Simulation(version, {}, lambda _, args: args, tools=FILE_TOOLS)
    made.claim()
    while made.state.calls:
        call = next(iter(made.state.calls.values()))
        args: Any = getattr(call.prompt, "value", None)
        files = (FileChange(args["path"], Digest("d" * 64)),) if call.name == "save" else ()
        trust = FILE_TOOLS[call.name].trust
        made.give(ToolReplied(call.call, args, files, trust=trust))
    found = outputs(made)
    strange = [path for path, label in found.items() if "web" in label]
    assert strange == ["page", "put", "got", "folder", "some", "every"]
    assert load_state(dump_state(made.state)).written == made.state.written


def test_a_file_that_is_sent_along_is_part_of_what_is_sent() -> None:
    mail = ToolSpec(name="mail", description="", args=READ, effects="external", folder=True)
    version = sim("[{id: send, tool: mail, with: {path: out.txt, to: ada}}]").program.version
    made = Simulation(version, {}, lambda _, args: args, tools={"mail": mail})
    made.state.written["out.txt"] = WEB
    made.run()
    assert arguments(made, "send") == {"path": ("web",)}


def sent(made: Simulation, path: str) -> str:
    """Return the prompt a step's model was sent."""
    return next(str(getattr(c.prompt, "value", "")) for c in made.asked if c.path == path)


@pytest.mark.requirement("GR-01", "TL-06")
def test_only_strangers_parts_of_a_prompt_stand_between_marks() -> None:
    made = ran(
        f"""
        {FETCH}
        - id: mixed
          ask: |
            For {{{{ inputs.who }}}}: {{{{ steps.page.output.url | upper }}}}
            {{% for one in [steps.page.output.url] %}}- {{{{ one }}}}{{{{ 1 + 1 }}}}
            {{% endfor %}}
        - {{id: whole, ask: "{{{{ steps.page.output }}}}"}}
        - {{id: own, ask: "Say {{{{ inputs.who }}}}"}}
        """,
        inputs={"who": "Ada"},
    )
    text = sent(made, "mixed")
    nonce = text.partition("<<material ")[2][:12]
    assert text.startswith(about(nonce) + "\n\nFor Ada: <<material ")
    one, two = "HTTPS://EXAMPLE.COM", "https://example.com"
    assert marked(one, nonce) in text
    assert f"- {marked(two, nonce)}2\n" in text
    assert sent(made, "whole").count(f'"{two}"') == 1
    assert sent(made, "whole").endswith(">>")
    assert sent(made, "own") == "Say Ada"


def test_what_a_template_binds_on_the_way_is_as_strange_as_its_parts() -> None:
    made = ran(
        f"""
        {FETCH}
        - id: a
          ask: >-
            {{% set x = steps.page.output.url %}}{{% set y %}}so {{{{ x }}}}{{% endset %}}
            {{{{ y }}}} {{{{ 1 if x else 2 }}}} {{% if x %}}yes{{% endif %}}
        """
    )
    text = sent(made, "a").partition("\n\n")[2]
    assert text.count("<<material ") == 2
    assert text.endswith(">> yes")
    assert without_material(text).split() == ["yes"]


def test_a_prompt_is_the_same_when_it_is_sent_again() -> None:
    steps = f'{FETCH}\n- {{id: a, ask: "Do {{{{ steps.page.output.url }}}}"}}'
    made = sim(steps)
    made.claim()
    made.step()
    before = next(iter(made.state.calls.values())).prompt
    made.crash()
    assert next(iter(made.state.calls.values())).prompt == before


def agent_run(script: dict[int, ModelAnswer], tools: tuple[str, ...]) -> Simulation:
    """Return a run of an agent that follows a script; what ``look.web`` returns is a stranger's."""
    agents = {
        "worker": Agent(name="worker", instructions="", tools=tools),
        "scout": Agent(name="scout", instructions="", description="Looks."),
    }
    specs = {
        "look.web": ToolSpec(name="look.web", description="", args={}, trust="untrusted"),
        "send": ToolSpec(name="send", description="", args={}, effects="external"),
    }

    def effect(call: OpenCall, args: Json) -> Json | Failure | ModelAnswer:
        if call.kind == "tool":
            return args
        return script.get(turn_of(call), ModelAnswer(text="done", usage=Usage(10, 5)))

    text = "name: w\nsteps: [{id: a, agent: worker, prompt: Do it.}, {id: b, set: {x: 1}}]"
    version = version_of(text, Pins(agents=agents), ONCE)
    version = msgspec.structs.replace(version, agents=agents)
    made = Simulation(version, {}, effect, tools=specs)
    made.claim()
    return made


@pytest.mark.requirement("GR-01", "GR-06", "AG-13")
def test_an_agent_that_has_read_strangers_words_speaks_with_their_label() -> None:
    script = {
        1: ask(("send", {"to": "a"})),
        2: ask(("look.web", {"url": "x"})),
        3: ask(("send", {"to": "b"})),
    }
    made = agent_run(script, ("look.web", "send"))
    made.run()
    calls = [e.payload for e in made.events if isinstance(e.payload, ToolRequested)]
    own = ("agent",)
    assert [dict(one.labels) for one in calls] == [
        {"": own, "to": own},
        {"": ("agent", "tool"), "url": ("agent", "tool")},
        {"": ("agent", "tool", "web"), "to": ("agent", "tool", "web")},
    ]
    assert prompt(made, "a") == ("agent", "tool", "web")
    assert outputs(made)["b"] == (), "a later step that reads nothing of it says its own"
    assert "web" in outputs(made)["a"]


def test_agents_pass_labels_to_those_they_ask_and_take_theirs() -> None:
    script = {1: ask(("look.web", {})), 2: ask(("agent.scout", {"task": "Go."}))}
    made = agent_run(script, ("look.web", "agent.*"))
    for _ in range(3):
        made.step()
    child = next(e.payload for e in made.events if isinstance(e.payload, ChildStarted))
    assert child.labels == {"task": ("agent", "web")}
    assert child.label == ("agent", "web")
    made.tell(ChildOutcome(child.run_id, child.call, "succeeded", "so", label=("memory",)))
    made.run()
    assert outputs(made)["a"] == ("agent", "memory", "web")
