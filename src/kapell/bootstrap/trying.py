"""Tries agents: a scenario becomes a workflow of its own, run like any other."""

import tempfile
from pathlib import Path

import msgspec

from kapell.bootstrap.app import App
from kapell.core.agents.trials.scenario import ScenarioForm, failures, script_of, workflow_of
from kapell.core.events.run import RunFailed, RunSucceeded
from kapell.core.events.tool import ToolRequested
from kapell.kit.ids import RunId
from kapell.kit.json import Json

_PLACE = ".kapell"


class Tried(msgspec.Struct, frozen=True):
    """What came of a scenario: the run, and what was not as expected."""

    run: RunId
    failures: tuple[str, ...]


async def try_scenario(app: App, name: str, form: ScenarioForm) -> Tried:
    """Run a scenario and hold what came of it against what it expects."""
    (app.root / _PLACE).mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=app.root / _PLACE, prefix="scenario-") as place:
        folder = Path(place)
        workflow = folder / f"{name}.json"
        script = folder / "answers.json"
        workflow.write_text(workflow_of(form, name), "utf-8")
        script.write_text(script_of(form), "utf-8")
        model = f"scripted:{script.relative_to(app.root).as_posix()}"
        started = await app.starter.start(str(workflow), {}, model=model)
        await app.run_until_idle(started.run_id)
    answer: Json = None
    tools: list[str] = []
    for event in await app.histories.events(started.run_id):
        if isinstance(event.payload, ToolRequested):
            tools.append(event.payload.tool)
        elif isinstance(event.payload, RunSucceeded):
            output = await app.histories.value(event.payload.output)
            answer = output["answer"] if isinstance(output, dict) else output
        elif isinstance(event.payload, RunFailed):
            return Tried(started.run_id, (f"the run failed: {event.payload.failure.message}",))
    return Tried(started.run_id, failures(form, answer, tuple(tools)))
