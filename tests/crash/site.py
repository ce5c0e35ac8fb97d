"""A workspace whose one workflow has every kind of step, and what is known about its runs."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

from kapell.bootstrap.app import App, open_app
from kapell.core.events.budget import BudgetSettled
from kapell.core.events.envelope import Event
from kapell.core.events.model import ModelAbandoned
from kapell.core.events.signal import ChildEnded
from kapell.core.events.tool import ToolRequested
from kapell.core.runs.status import TERMINAL
from kapell.kit.errors import KapellError
from kapell.kit.ids import RunId, WorkerId
from kapell.kit.json import Json
from kapell.services.runs.ports import RunSummary
from kapell.testing.crash.invariants import broken_rules, requests
from kapell.testing.crash.mission import Mission
from kapell.testing.crash.tools import EFFECTS
from tests.crash.slow import tools
from tests.crash.working import worker_of

PATIENCE = 60.0

EVERYTHING = """
name: everything
inputs: {break: {type: boolean, default: false}}
model: openai:gpt-4o-mini
budget: {usd: 1}
defaults: {retry: {attempts: 3, backoff: 5ms, max: 10ms}}
steps:
  - id: load
    set: {rows: [{id: 1, text: first}, {id: 2, text: second}, {id: 3, text: third}]}
  - id: classify
    for_each: "{{ steps.load.output.rows }}"
    as: row
    concurrency: 2
    ask: "Classify this ticket: {{ row.text }}"
    output: {type: object, required: [topic], properties: {topic: {type: string}}}
  - id: write
    agent: writer
    prompt: "Write about {{ steps.classify.output[0].output.topic }}."
  - {id: act, agent: actor, model: "openai:calls-3", prompt: "Act, then tell."}
  - {id: mark, tool: crash.echo, with: {mark: 1}, compensate: {tool: crash.echo, with: {unmark: 1}}}
  - {id: flaky, tool: crash.flaky, with: {n: 2}}
  - id: caught
    tool: crash.refuse
    with: {}
    on_error:
      steps: [{id: instead, set: {code: "{{ error.code }}"}}]
  - id: sides
    parallel:
      left: [{id: say, ask: "Say left."}]
      right: [{id: pause, wait: {for: 20ms}}, {id: echo, tool: crash.echo, with: {side: right}}]
  - id: choice
    switch:
      cases: [{name: big, when: steps.flaky.output.n > 1, steps: [{id: big, set: {size: big}}]}]
      else: [{id: small, set: {size: small}}]
  - id: polish
    loop:
      max: 3
      until: pass.number >= 2
      steps: [{id: pass, tool: crash.echo, with: {pass: "{{ pass.number }}"}}]
  - id: block
    steps:
      - {id: ask, approval: {title: "Go on?", data: {n: 1}, edit: [n]}}
      - {id: sent, when: steps.ask.output.approved, set: {n: "{{ steps.ask.output.data.n }}"}}
    result: steps.sent.output
  - {id: signal, wait: {signal: go}}
  - {id: inlined, workflow: inner, with: {word: inlined}}
  - {id: apart, workflow: inner, with: {word: apart}, detached: true}
  - {id: end, when: inputs.break, tool: crash.refuse, with: {}}
outputs:
  topics: "{{ steps.classify.output | map(attribute='output') | list }}"
  text: "{{ steps.write.output }}"
  acted: "{{ steps.act.output }}"
  caught: "{{ steps.caught.output }}"
  sides: "{{ steps.sides.output.right }}"
  left: "{{ steps.sides.output.left }}"
  size: "{{ steps.choice.output }}"
  passes: "{{ steps.polish.output }}"
  block: "{{ steps.block.output }}"
  signal: "{{ steps.signal.output }}"
  inlined: "{{ steps.inlined.output }}"
  apart: "{{ steps.apart.output }}"
"""
INNER = """
name: inner
inputs: {word: {type: string}}
steps:
  - {id: say, ask: "Say {{ inputs.word }}."}
  - {id: echo, tool: crash.echo, with: {word: "{{ inputs.word }}"}}
outputs: {said: "{{ steps.say.output }}", word: "{{ steps.echo.output.word }}"}
"""
ACTOR = "---\nname: actor\ndescription: Acts.\ntools: [crash.echo]\n---\nYou act with your tools.\n"
"""The loopback model ``calls-3`` has it ask for its tool in three turns before it answers."""
PRICES = "prices: {'openai:calls-3': {input: 1, output: 2}}\n"
WRITER = "---\nname: writer\ndescription: Writes.\n---\nYou write short texts.\n"


class Site:
    """The workspace; every process opens it for itself."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        for name in ("workflows", "agents"):
            (folder / name).mkdir(parents=True)
        settings = f'database: {{url: "{url}"}}\n{PRICES}'
        (folder / "kapell.yaml").write_text(settings, "utf-8")
        (folder / "workflows/everything.yaml").write_text(EVERYTHING, "utf-8")
        (folder / "workflows/inner.yaml").write_text(INNER, "utf-8")
        (folder / "agents/writer.md").write_text(WRITER, "utf-8")
        (folder / "agents/actor.md").write_text(ACTOR, "utf-8")

    def write(self, name: str, text: str) -> None:
        """Add a workflow."""
        (self.folder / "workflows" / f"{name}.yaml").write_text(text, "utf-8")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[App]:
        """Yield the program of this process."""
        async with open_app(self.folder, extra_tools=tools()) as app:
            yield app

    def effects(self) -> Counter[str]:
        """Return how often each call to a tool took effect, by its idempotency key."""
        file = self.folder / EFFECTS
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        return Counter(line.split("\t")[1] for line in lines)


@asynccontextmanager
async def helped(app: App, run: RunId) -> AsyncIterator[None]:
    """Let somebody answer the run's questions and send its signal, several times over."""
    await app.teller.signal(run, "go", {"word": "go"}, key="go")
    helper = asyncio.create_task(_help(app, run))
    try:
        yield
    finally:
        helper.cancel()
        await asyncio.gather(helper, return_exceptions=True)


async def _help(app: App, run: RunId) -> None:
    while True:
        with suppress(KapellError):
            for row in await app.reader.approvals(app.tenant, run):
                await app.approvals.answer(run, row.path, True, data={"n": 7})
        await asyncio.sleep(0.01)


async def begun(app: App, *, breaks: bool) -> RunId:
    """Start a run."""
    return (await app.starter.start("everything", {"break": breaks})).run_id


async def bury(app: App, worker: str) -> None:
    """End the lease of a dead worker at once: time would, and tests have none."""
    await app.store.log.beat(WorkerId(worker), {}, -1.0)


async def finish(app: App, site: Site, run: RunId) -> None:
    """Let a worker of this process go on until the run has ended."""
    stop = asyncio.Event()
    mission = Mission(workspace=str(site.folder), worker=f"finisher-{run}")
    task = asyncio.create_task(worker_of(app, mission).run(stop))
    try:
        await ended(app, run)
    finally:
        stop.set()
        await task


async def ended(app: App, run: RunId) -> RunSummary:
    """Wait until a run has ended."""
    until = monotonic() + PATIENCE
    while True:
        summary = await app.reader.run(app.tenant, run)
        if summary.status in TERMINAL:
            return summary
        assert monotonic() < until, (summary, await told(app, run))
        await asyncio.sleep(0.01)


async def told(app: App, run: RunId) -> list[str]:
    """Return what a run's log tells, one line an event."""
    events = await app.histories.events(run)
    return [f"{event.seq} {event.type} {getattr(event.payload, 'path', '')}" for event in events]


async def family(app: App, run: RunId) -> list[RunId]:
    """Return a run and its children."""
    runs = await app.reader.runs(app.tenant, limit=1000)
    return [run, *(one.run_id for one in runs if one.parent_run == run)]


async def outcome(app: App, run: RunId) -> Json:
    """Return how a run ended, with what does not depend on time."""
    summary = await app.reader.run(app.tenant, run)
    _, state = await app.histories.state(await app.histories.events(run))
    return [summary.status.value, summary.error_code, await app.histories.value(state.output)]


async def check(
    app: App, site: Site, run: RunId, received: Mapping[str, int], effects: Mapping[str, int]
) -> None:
    """Hold a run and its children against the rules, the provider's count and the ledger."""
    for one in await family(app, run):
        events = await app.histories.events(one)
        program, state = await app.histories.state(events)
        assert broken_rules(program, events) == []
        for key, times in requests(events).items():
            assert received.get(key, 0) <= times, (key, await told(app, one))
        wanted = Counter(
            event.payload.key for event in events if isinstance(event.payload, ToolRequested)
        )
        for key, times in wanted.items():
            assert effects.get(key, 0) <= times, f"{key} took effect more often than the log says"
        (row,) = await app.reader.costs(app.tenant, "run", one)
        settled = {
            event.payload.call: event.payload.usd
            for event in events
            if isinstance(event.payload, BudgetSettled)
        }
        abandoned = [e.payload.cost for e in events if isinstance(e.payload, ModelAbandoned)]
        assert row.reserved == 0
        assert row.usd == sum(settled.values()) == state.usd - _children(events)
        assert all(cost > 0 for cost in abandoned)


def _children(events: Sequence[Event]) -> int:
    """Return what children have spent, which the parent's sum counts and its ledger does not."""
    return sum(e.payload.usd for e in events if isinstance(e.payload, ChildEnded))
