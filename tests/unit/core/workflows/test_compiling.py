"""What the author left out is filled in, and every construct has its compiled form."""
# ruff: noqa: E501 - one-line YAML samples whose columns are counted

import pytest

from kapell.core.expressions import compile_template
from kapell.core.pricing.budget import Budget
from kapell.core.workflows.pins import Overrides, Pins, WorkspaceDefaults
from kapell.core.workflows.version import (
    AgentWork,
    ApprovalWork,
    AskWork,
    Body,
    Cache,
    Case,
    ForEach,
    InputSpec,
    LoopWork,
    ParallelWork,
    Retry,
    SetWork,
    Step,
    SwitchWork,
    ToolWork,
    WaitWork,
    WorkflowWork,
    version_hash,
)
from tests.unit.core.workflows.authoring import PINS, compiled, version_of


def one(step: str, pins: Pins = PINS) -> Step:
    return version_of(f"name: x\nsteps: [{step}]", pins).body.steps[0]


def ask(step_id: str, prompt: str = "hi", **more: object) -> Step:
    return Step(id=step_id, work=AskWork(prompt=prompt), model="offline", line=2, **more)  # type: ignore[arg-type] # fields by name


@pytest.mark.parametrize(
    ("step", "work"),
    [
        ("{id: a, agent: writer, prompt: p}", AgentWork(agent="writer", prompt="p")),
        ("{id: a, ask: q}", AskWork(prompt="q")),
        ("{id: a, tool: t, with: {b: [1]}}", ToolWork(tool="t", args={"b": [1]})),
        ("{id: a, tool: t}", ToolWork(tool="t", args={})),
        ("{id: a, set: {b: '{{ 1 }}'}}", SetWork(values={"b": "{{ 1 }}"})),
        ("{id: a, wait: {for: 5m}}", WaitWork(seconds=300.0)),
        ("{id: a, wait: {for: 5}}", WaitWork(seconds=5.0)),
        ("{id: a, wait: {for: '{{ inputs.t }}'}}", WaitWork(seconds="{{ inputs.t }}")),
        ("{id: a, wait: {until: '2030-01-31T09:00:00Z'}}", WaitWork(until="2030-01-31T09:00:00Z")),
        (
            "{id: a, wait: {signal: s, match: signal.x == 1}}",
            WaitWork(signal="s", match="signal.x == 1"),
        ),
        ("{id: a, approval: {title: t}}", ApprovalWork(title="t")),
        (
            "{id: a, approval: {title: t, data: {b: 1}, edit: [b], expires: 2d, on_expiry: approve}}",
            ApprovalWork(
                title="t", data={"b": 1}, edit=("b",), expires=172800.0, on_expiry="approve"
            ),
        ),
        (
            "{id: a, parallel: {l: [{id: b, ask: hi}], r: [{id: b, ask: hi}]}}",
            ParallelWork(branches={"l": Body(steps=(ask("b"),)), "r": Body(steps=(ask("b"),))}),
        ),
        (
            "{id: a, switch: {cases: [{name: c, when: 1 == 1, steps: [{id: b, ask: hi}]}], "
            "else: [{id: b, ask: hi}]}}",
            SwitchWork(
                cases=(Case(name="c", when="1 == 1", body=Body(steps=(ask("b"),))),),
                otherwise=Body(steps=(ask("b"),)),
            ),
        ),
        (
            "{id: a, loop: {steps: [{id: b, ask: hi}, {id: c, ask: hi}], until: 'true'}}",
            LoopWork(body=Body(steps=(ask("b"), ask("c", after=("b",)))), until="true"),
        ),
        (
            "{id: a, loop: {steps: [{id: b, ask: hi}], until: 'true', max: 3, "
            "on_exhausted: continue}, result: steps.b.output}",
            LoopWork(
                body=Body(steps=(ask("b"),), result="steps.b.output"),
                until="true",
                max=3,
                on_exhausted="continue",
            ),
        ),
    ],
)
def test_every_kind_has_its_form(step: str, work: object) -> None:
    assert one(step).work == work


def test_a_sub_workflow_is_pinned() -> None:
    sub = version_of("name: sub\nsteps: [{id: s, ask: hi}]")
    text = "name: x\nsteps: [{id: a, workflow: sub, with: {b: 1}, detached: true}]"
    version = version_of(text, Pins(workflows={"sub": sub}))
    assert version.body.steps[0].work == WorkflowWork(workflow="sub", args={"b": 1}, detached=True)
    assert version.workflows == {"sub": sub}


def test_what_a_step_adds() -> None:
    step = one(
        "{id: a, ask: hi, when: true, for_each: '{{ inputs.r }}', as: b, where: b > 1, "
        "concurrency: 3, on_item_error: collect, budget: {usd: 0.05, tokens: 10, time: 1m}, "
        "cache: {ttl: 1h, key: k}, corrections: 1, output: {type: object}, on_error: continue}"
    )
    assert step.when == "true"
    assert step.for_each == ForEach(
        items="{{ inputs.r }}", name="b", where="b > 1", concurrency=3, on_item_error="collect"
    )
    assert step.budget == Budget(usd=50_000_000, tokens=10, time=60.0)
    assert step.cache == Cache(ttl=3600.0, key="k")
    assert (step.corrections, step.on_error) == (1, "continue")


def test_a_handler_is_a_body() -> None:
    step = one("{id: a, ask: hi, on_error: {steps: [{id: h, ask: '{{ error.code }}'}]}}")
    assert step.on_error == Body(steps=(ask("h", "{{ error.code }}"),))


@pytest.mark.requirement("WF-05")
def test_a_compensation_is_a_body_with_retries() -> None:
    tool = one("{id: a, tool: t, compensate: {tool: u, with: {b: 1}}}").compensate
    assert tool == Body(
        steps=(
            Step(
                id="undo", work=ToolWork(tool="u", args={"b": 1}), retry=Retry(attempts=3), line=2
            ),
        )
    )
    agent = one("{id: a, tool: t, compensate: {agent: writer, prompt: p}}").compensate
    assert agent is not None
    assert agent.steps[0].work == AgentWork(agent="writer", prompt="p")
    assert agent.steps[0].model == "offline"
    steps = one("{id: a, tool: t, compensate: {steps: [{id: b, ask: hi}]}}").compensate
    assert steps == Body(steps=(ask("b"),))


DEFAULTS = """\
    name: x
    defaults: {timeout: 60s, retry: {attempts: 3, backoff: 2s}}
    steps:
      - {id: ask, ask: hi}
      - {id: own, ask: hi, timeout: 5s, retry: {attempts: 5}}
      - {id: tool, tool: t}
      - {id: agent, agent: writer, prompt: hi}
      - {id: set, set: {}}
      - {id: wait, wait: {for: 1s}}
      - {id: approval, approval: {title: t}}
      - {id: block, steps: [{id: inner, ask: hi}], timeout: 9s}
"""


def test_defaults_reach_only_steps_that_call_someone() -> None:
    steps = {step.id: step for step in version_of(DEFAULTS).body.steps}
    for name in ("ask", "tool", "agent"):
        assert (steps[name].timeout, steps[name].retry) == (60.0, Retry(attempts=3, backoff=2.0))
    assert (steps["own"].timeout, steps["own"].retry) == (5.0, Retry(attempts=5, backoff=2.0))
    for name in ("set", "wait", "approval"):
        assert (steps[name].timeout, steps[name].retry) == (None, Retry())
    assert (steps["block"].timeout, steps["block"].retry) == (9.0, Retry())


def test_the_workspace_stands_behind_the_workflow() -> None:
    around = WorkspaceDefaults(
        retry=Retry(attempts=7, jitter=False), timeout=99.0, budget=Budget(usd=1, tokens=5)
    )
    text = "name: x\n%ssteps: [{id: a, ask: hi}]"
    plain = version_of(text % "", defaults=around)
    assert plain.body.steps[0].retry == Retry(attempts=7, jitter=False)
    assert plain.body.steps[0].timeout == 99.0
    assert plain.budget == Budget(usd=1, tokens=5)
    own = version_of(
        text % "defaults: {retry: {attempts: 2}, timeout: 1s}\nbudget: {tokens: 3}\n",
        defaults=around,
    )
    assert own.body.steps[0].retry == Retry(attempts=2, jitter=False)
    assert own.body.steps[0].timeout == 1.0
    assert own.budget == Budget(usd=1, tokens=3)
    over, _ = compiled(
        text % "timeout: 5s\n", overrides=Overrides(budget=Budget(usd=9), timeout=7.0)
    )
    assert (over.budget, over.timeout) == (Budget(usd=9), 7.0)


def test_inputs_are_required_unless_they_have_a_default() -> None:
    version = version_of("""\
        name: x
        inputs:
          a: {type: integer}
          b: {type: string, default: c, enum: [c, d], description: which}
          e: {type: any, default: null}
          f: {required: false}
          g:
        steps: [{id: s, ask: hi}]
    """)
    assert version.inputs == {
        "a": InputSpec(type="integer", required=True),
        "b": InputSpec(type="string", default="c", enum=("c", "d"), description="which"),
        "e": InputSpec(),
        "f": InputSpec(),
        "g": InputSpec(required=True),
    }


@pytest.mark.requirement("WF-01")
def test_an_action_asks_with_its_parameters_as_json() -> None:
    step = one(
        "{id: a, agent: testing, action: 'run {{ inputs.what }}', params: {suite: all, deep: "
        "{n: '{{ inputs.n }}', text: 'v{{ inputs.what }}!', list: [1, null]}, tag: '{{- inputs.n -}}'}}"
    )
    assert isinstance(step.work, AgentWork)
    prompt = compile_template(step.work.prompt).evaluate({"inputs": {"what": 'a"b', "n": -2}})
    assert prompt == (
        'run a"b\n\nParameters:\n'
        '{ "deep":{ "list":[1,null],"n":-2,"text":"va\\"b!" },"suite":"all","tag":-2 }'
    )


def test_parameters_without_templates_stay_words() -> None:
    step = one("{id: a, agent: testing, action: go, params: {'{{ k }}': '{# c #}', b: {}}}")
    assert isinstance(step.work, AgentWork)
    template = compile_template(step.work.prompt)
    assert template.reads == frozenset()
    assert template.evaluate({}) == (
        'go\n\nParameters:\n{ "b":{},"{\\u007b k }}":"{\\u0023 c #}" }'
    )


def test_the_hash_looks_at_meaning_only() -> None:
    yaml = "name: x\nsteps:\n\n  # why\n  - {id: a, ask: hi, retry: {attempts: 1, backoff: 1s}}\n"
    json = '{"steps": [{"ask": "hi", "id": "a"}], "name": "x"}'
    assert version_hash(version_of(yaml)) == version_hash(version_of(json))
    other = '{"steps": [{"ask": "ho", "id": "a"}], "name": "x"}'
    assert version_hash(version_of(yaml)) != version_hash(version_of(other))
