"""Plays an example: its files in a new workspace, real tools, the offline model, virtual time."""

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import msgspec
from ruamel.yaml import YAML

from kapell.adapters.llm.offline import OfflineModel
from kapell.adapters.sandbox.embedded.sandbox import Monty
from kapell.adapters.sandbox.engines.sandbox import SqlSandbox
from kapell.adapters.tools.files.folder import LocalRunFolder
from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.registry import builtin_tools
from kapell.adapters.tools.specs import builtin_specs
from kapell.adapters.workspace.files import WorkspaceFolder
from kapell.core.events.guarding.approval import ApprovalRequested
from kapell.core.events.run import RunQueued
from kapell.core.events.signal import ChildStarted
from kapell.core.events.step import StepFailed, StepSkipped, StepSucceeded
from kapell.core.events.value import unpack
from kapell.core.runs.commands import Answer, ChildOutcome
from kapell.core.runs.state import OpenCall, State
from kapell.core.runs.status import TERMINAL
from kapell.core.workflows.inputs import bind
from kapell.core.workflows.version import Version
from kapell.kit.errors import Bug, Failure
from kapell.kit.ids import LOCAL
from kapell.kit.json import Json, digest
from kapell.library import copy_workspace
from kapell.services.gateway.door import Gateway
from kapell.services.runs.advancing.effects import Effects, Sight
from kapell.services.runs.deltas import Deltas
from kapell.services.sandbox.choosing import Sandboxes
from kapell.services.tools.executor import ToolExecutor
from kapell.services.workflows.workspace import Workspace
from kapell.testing.simulation import RUN, Simulation
from kapell.testing.stores.memory import MemoryStore

EXAMPLES = Path(__file__).parents[3] / "examples"


class Played(Simulation):
    """One run of an example; calls are carried out for real, one after the other."""

    def __init__(self, version: Version, inputs: Mapping[str, Json], stage: "Stage") -> None:
        super().__init__(version, inputs, _nobody)
        self._stage = stage
        queued = self.events[0]
        assert isinstance(queued.payload, RunQueued)
        request = msgspec.structs.replace(queued.payload, workspace=str(stage.folder))
        self.events[0] = msgspec.structs.replace(queued, payload=request)
        self.carried = self._carry()
        self.children: list[Played] = []
        self.nobody_answers = False

    def answer(self, call: OpenCall) -> None:
        """Carry one open call out through the doors the product has."""
        self.asked.append(call)
        sight = Sight(self.program, self.state, self.values, self.now)
        reply = asyncio.run(self._stage.effects.carry_out(call, sight))
        self.now += 0.01
        self.give(reply)

    def step(self) -> bool:
        """Answer one open call, or let time pass; an open question stops the clock."""
        if not self.state.calls and self.questions() and not self.nobody_answers:
            return False
        return super().step()

    def run(self, limit: int = 10_000) -> State:
        """Go on until the run ends or waits for somebody; children are played on the way."""
        state = super().run(limit)
        for child in self._unplayed():
            played = Played(
                self.program.bodies[0].version.workflows[child.workflow],
                cast("dict[str, Json]", unpack(child.inputs, self.values)),
                self._stage,
            )
            self.children.append(played)
            ended = played.run()
            assert ended.status in TERMINAL
            self.tell(
                ChildOutcome(child.run_id, child.path, ended.status.value, output=played.output)  # type: ignore[arg-type]  # terminal
            )
            state = super().run(limit)
        return state

    def _unplayed(self) -> list[ChildStarted]:
        started = [e.payload for e in self.events if isinstance(e.payload, ChildStarted)]
        return started[len(self.children) :]

    def questions(self) -> list[ApprovalRequested]:
        """Return what people are asked and have not answered."""
        asked = [e.payload for e in self.events if isinstance(e.payload, ApprovalRequested)]
        steps = self.state.steps
        return [one for one in asked if one.path in steps and steps[one.path].status == "waiting"]

    def answer_all(self, *, approved: bool = True) -> State:
        """Answer every question alike, as long as there are any."""
        state = self.run()
        while questions := self.questions():
            for one in questions:
                self.tell(Answer(one.path, approved))
            state = self.run()
        return state

    def ended(self) -> dict[str, str]:
        """Return how step runs ended, by path: the log remembers what the state lets go."""
        return {
            event.payload.path: event.type.removeprefix("step.")
            for event in self.events
            if isinstance(event.payload, StepSucceeded | StepFailed | StepSkipped)
        }

    def failure(self, path: str) -> Failure:
        """Return why a step run failed."""
        said = [e.payload for e in self.events if isinstance(e.payload, StepFailed)]
        return next(one.failure for one in said if one.path == path)

    def result(self, path: str) -> Json:
        """Return the output of a step run."""
        said = [e.payload for e in self.events if isinstance(e.payload, StepSucceeded)]
        return unpack(next(one.output for one in said if one.path == path), self.values)

    def text(self, path: str) -> str:
        """Return a file of the run's folder."""
        return (self._stage.run_folder / path).read_text("utf-8")

    def files(self) -> set[str]:
        """Return the files of the run's folder."""
        return set(self.state.files)


class Stage:
    """A workspace as `kapell init` makes it, with one example in it.

    Args:
        folder: Where the workspace shall be.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.run_folder = self.folder / ".kapell/runs" / RUN
        copy_workspace(self.folder)
        self.artifacts = MemoryStore().artifacts
        # Those that are there wherever Kapell is.
        apart = Sandboxes((Monty(), SqlSandbox("sqlite")))
        builtin = builtin_tools(ToolOptions(), apart)
        tools = ToolExecutor(builtin, self.artifacts, LocalRunFolder())
        models = Gateway({"offline": OfflineModel})
        self.effects = Effects(models, tools, self.artifacts, Deltas(), 8)
        specs = {spec.name: spec for spec in builtin_specs()}
        self.workspace = Workspace(WorkspaceFolder(self.folder), tools=specs)

    def play(self, name: str, inputs: Mapping[str, Json] | None = None) -> Played:
        """Return a run of an example, or of a workflow of the workspace, not begun yet."""
        workflow, given = put(self.folder, name)
        given.update(inputs or {})
        loaded = self.workspace.load_workflow(workflow)
        assert not loaded.warnings, loaded.warnings
        return Played(loaded.version, self._bound(loaded.version, given), self)

    def _bound(self, version: Version, given: Mapping[str, Json]) -> dict[str, Json]:
        """Return the inputs with files made into artifacts, as a start does it."""
        bound = bind(version, given)
        for name, spec in (version.inputs or {}).items():
            path = bound.get(name)
            if spec.type == "file" and isinstance(path, str):
                data = (self.folder / path).read_bytes()
                key = digest(data)
                asyncio.run(self.artifacts.put(LOCAL, {key: data}))
                bound[name] = {"artifact": key, "name": Path(path).name, "size": len(data)}
        return bound


def put(folder: Path, name: str) -> tuple[str, dict[str, Json]]:
    """Copy an example into a workspace; return how its workflow is called, and its inputs.

    A name that is no example's is that of a workflow the workspace has.
    """
    source = EXAMPLES / name
    if source.is_file():
        shutil.copy(source, folder)
        return name, {}
    if not source.is_dir():
        return name, {}
    shutil.copytree(source, folder, dirs_exist_ok=True)
    given: dict[str, Json] = {}
    if (source / "inputs.yaml").is_file():
        given.update(YAML(typ="safe").load((source / "inputs.yaml").read_text("utf-8")))
    return "workflow.yaml", given


def _nobody(call: OpenCall, prompt: Json) -> Json:
    raise Bug(f"{call.call} was not carried out.", code="stage_bug")
