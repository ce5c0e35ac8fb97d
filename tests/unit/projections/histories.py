"""Histories that the machine itself wrote, for views to fold."""

from kapell.core.events.envelope import Event
from kapell.core.pricing.quote import Quote
from kapell.core.runs.commands import Answer
from kapell.core.runs.state import OpenCall
from kapell.kit.errors import Failure, Kind
from kapell.kit.json import Json
from kapell.testing.simulation import Simulation
from tests.unit.core.workflows.authoring import version_of

PAID = "openai:gpt-x"
PRICE = Quote(model=PAID, input_price=1_000_000_000, output_price=2_000_000_000)
"""One and two dollars per million tokens: a call of 10 + 5 tokens costs 20,000 nano-dollars."""
FREE = Quote(model="offline", input_price=0, output_price=0)

EVERYTHING = f"""
name: everything
inputs: {{rows: {{type: array}}}}
defaults: {{retry: {{attempts: 2, backoff: 1s}}}}
steps:
  - {{id: load, tool: table.read, with: {{path: x}}}}
  - id: classify
    for_each: "{{{{ inputs.rows }}}}"
    as: row
    concurrency: 2
    on_item_error: collect
    ask: "classify {{{{ row }}}}"
    model: {PAID}
  - id: replies
    for_each: "{{{{ steps.classify.output }}}}"
    as: c
    steps:
      - {{id: draft, agent: writer, prompt: "answer {{{{ c.item }}}}"}}
      - {{id: release, approval: {{title: "send {{{{ c.item }}}}?"}}}}
  - id: sides
    parallel:
      a: [{{id: x, set: {{v: 1}}}}]
      b: [{{id: y, tool: file.read, with: {{path: y}}}}]
  - id: again
    loop: {{steps: [{{id: p, set: {{n: "{{{{ pass.number }}}}"}}}}], until: steps.p.output.n >= 2}}
  - id: way
    switch: {{cases: [{{name: one, when: "true", steps: [{{id: z, set: {{v: 1}}}}]}}]}}
  - {{id: pause, wait: {{for: 5m}}}}
  - {{id: never, when: "false", set: {{v: 1}}}}
  - id: kept
    tool: file.write
    with: {{path: a, text: b}}
    compensate: {{tool: file.delete, with: {{path: a}}}}
  - {{id: last, tool: file.read, with: {{path: end}}}}
"""


def simulated(text: str = EVERYTHING, *, broken: tuple[str, ...] = ()) -> Simulation:
    """Return a simulated run, not begun; calls of the steps in ``broken`` fail for good."""

    def effect(call: OpenCall, args: Json) -> Json | Failure:
        del args
        if call.path in broken:
            return Failure(code="file_missing", message="There is no file.", kind=Kind.MISSING)
        if call.path == "classify[1]" and "#1/" in call.call:
            return Failure(
                code="model_unavailable", message="Down.", kind=Kind.UNAVAILABLE, retryable=True
            )
        return {"rows": [1]} if call.kind == "tool" else "text"

    return Simulation(
        version_of(text),
        {"rows": [1, 2, 3]},
        effect,
        quotes={PAID: PRICE, "offline": FREE},
    )


def until_asked(*, broken: tuple[str, ...] = ()) -> Simulation:
    """Return the run of everything, standing at its three approvals."""
    sim = simulated(broken=broken)
    sim.claim()
    while sim.state.calls or sim.state.status.value != "waiting" or _retries(sim):
        sim.step()
    return sim


def _retries(sim: Simulation) -> bool:
    return not any(run.waits == "approval" for run in sim.state.steps.values())


def whole(*, broken: tuple[str, ...] = ()) -> list[Event]:
    """Return the log of everything, approvals answered after a minute, to its end."""
    sim = until_asked(broken=broken)
    sim.now += 60
    for number in range(3):
        sim.tell(Answer(f"replies[{number}]/release", approved=True), "user:ada")
    sim.run()
    return sim.events
