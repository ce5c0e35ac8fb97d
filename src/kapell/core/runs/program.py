"""A version laid out for running: every body numbered, every step with who waits for it.

Built once per version and shared by all its runs. Numbers follow the order of the text, so the same
version always gives the same program.
"""

from collections.abc import Iterator, Mapping

import msgspec

from kapell.core.expressions import Read, Template, ValueTemplate, compile_template, compile_value
from kapell.core.runs import paths
from kapell.core.runs.reading import outer_reads, reads_of
from kapell.core.workflows.version import (
    AgentWork,
    ApprovalWork,
    AskWork,
    BlockWork,
    Body,
    Join,
    LoopWork,
    ParallelWork,
    Step,
    SwitchWork,
    ToolWork,
    Version,
    WorkflowWork,
)
from kapell.kit.errors import Bug
from kapell.kit.json import Json


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A step where it stands. ``inner`` gives the bodies below by the suffix of their scope's path.

    ``leaf`` steps have no bodies of their own that carry their work; ``calls`` says that the step
    asks a model or calls a tool, ``metered`` that something may limit what it spends.
    """

    step: Step
    body: int
    dependents: tuple[str, ...]
    inner: dict[str, int]
    leaf: bool
    calls: bool
    calls_model: bool
    metered: bool


class BodyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A numbered body. ``version`` is the workflow whose agents and inputs its steps see.

    ``always`` gives, for every ``join: always`` step, all steps before it, direct or not.
    """

    number: int
    body: Body
    version: Version
    places: dict[str, Place]
    first: tuple[str, ...]
    always: dict[str, frozenset[str]]
    is_workflow: bool = False

    @property
    def last(self) -> str:
        """Return the id of the last step, whose output is the body's when it has no result."""
        return self.body.steps[-1].id


class Program:
    """All bodies of a version, the root's number being 0."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.bodies: list[BodyPlan] = []
        # By identity: what is compiled stands in the version, which lives as long as this.
        self._values: dict[int, ValueTemplate] = {}
        self._reads: dict[int, frozenset[Read]] = {}
        self._templates: dict[int, Template] = {}
        self._parts: dict[int, Mapping[str, frozenset[Read]]] = {}
        self._add(version.body, version, is_workflow=True)

    def compiled(self, value: Json) -> ValueTemplate:
        """Return a value that stands in the version, ready to be worked out."""
        found = self._values.get(id(value))
        if found is None:
            found = self._values[id(value)] = compile_value(value)
        return found

    def template(self, source: str) -> Template:
        """Return a text that stands in the version, ready to be worked out piece by piece."""
        found = self._templates.get(id(source))
        if found is None:
            found = self._templates[id(source)] = compile_template(source)
        return found

    def reads_by_key(self, value: Json) -> Mapping[str, frozenset[Read]]:
        """Return what each member of an object of the version reads."""
        found = self._parts.get(id(value))
        if found is None:
            members = value.items() if isinstance(value, Mapping) else ()
            found = self._parts[id(value)] = {
                key: reads for key, inner in members if (reads := compile_value(inner).reads)
            }
        return found

    def outer_reads(self, body: Body) -> frozenset[Read]:
        """Return what a body of the version reads from around itself."""
        found = self._reads.get(id(body))
        if found is None:
            found = self._reads[id(body)] = outer_reads(body)
        return found

    def reads_of(self, step: Step) -> frozenset[Read]:
        """Return what a step of the version, with all that is in it, reads from around itself."""
        found = self._reads.get(id(step))
        if found is None:
            found = self._reads[id(step)] = reads_of(step)
        return found

    def place(self, body: int, step_id: str) -> Place:
        """Return a step by its body's number and its id."""
        return self.bodies[body].places[step_id]

    def people_answer(self, place: Place) -> bool:
        """Tell whether a step's result is, or may hold, what people answered an ``approval``."""
        work, version = place.step.work, self.bodies[place.body].version
        if isinstance(work, ApprovalWork):
            return True
        if isinstance(work, WorkflowWork) and work.detached:
            child = Program(version.workflows[work.workflow])
            return any(map(child.people_answer, child.bodies[0].places.values()))
        return any(
            self.people_answer(each)
            for suffix, number in place.inner.items()
            if suffix != paths.UNDO
            for each in self.bodies[number].places.values()
        )

    def models(self) -> Iterator[str]:
        """Yield every model a step of the version names."""
        for plan in self.bodies:
            for place in plan.places.values():
                if place.step.model:
                    yield place.step.model
                held = place.step.grounded
                if held is not None and held.judge:
                    yield held.judge

    def _add(self, body: Body, version: Version, *, is_workflow: bool = False) -> int:
        number = len(self.bodies)
        if number > 100_000:
            raise Bug("The workflow has more than 100,000 bodies.", code="program_too_large")
        dependents: dict[str, list[str]] = {step.id: [] for step in body.steps}
        for step in body.steps:
            for needed in step.after:
                dependents[needed].append(step.id)
        places: dict[str, Place] = {}
        plan = BodyPlan(
            number=number,
            body=body,
            version=version,
            places=places,
            first=tuple(step.id for step in body.steps if not step.after),
            always=_always(body),
            is_workflow=is_workflow,
        )
        self.bodies.append(plan)
        for step in body.steps:
            places[step.id] = Place(
                step=step,
                body=number,
                dependents=tuple(dependents[step.id]),
                inner=self._inner(step, version),
                leaf=not isinstance(
                    step.work, BlockWork | ParallelWork | SwitchWork | LoopWork | WorkflowWork
                ),
                calls=isinstance(step.work, AgentWork | AskWork | ToolWork),
                calls_model=isinstance(step.work, AgentWork | AskWork),
                metered=step.budget is not None
                or step.timeout is not None
                or isinstance(step.work, AgentWork | WorkflowWork),
            )
        return number

    def _inner(self, step: Step, version: Version) -> dict[str, int]:
        inner: dict[str, int] = {}
        work = step.work
        if isinstance(work, BlockWork):
            inner[""] = self._add(work.body, version)
        elif isinstance(work, LoopWork):
            inner[paths.PASS] = self._add(work.body, version)
        elif isinstance(work, ParallelWork):
            for name, body in work.branches.items():
                inner[f".{name}"] = self._add(body, version)
        elif isinstance(work, SwitchWork):
            for case in work.cases:
                inner[f":{case.name}"] = self._add(case.body, version)
            if work.otherwise is not None:
                inner[":else"] = self._add(work.otherwise, version)
        elif isinstance(work, WorkflowWork) and not work.detached:
            sub = version.workflows[work.workflow]
            inner[""] = self._add(sub.body, sub, is_workflow=True)
        if isinstance(step.on_error, Body):
            inner[paths.HANDLER] = self._add(step.on_error, version)
        if step.compensate is not None:
            inner[paths.UNDO] = self._add(step.compensate, version)
        return inner


def _always(body: Body) -> dict[str, frozenset[str]]:
    after = {step.id: step.after for step in body.steps}
    found: dict[str, frozenset[str]] = {}
    for step in body.steps:
        if step.join is not Join.ALWAYS:
            continue
        before: set[str] = set()
        open_ids = list(step.after)
        while open_ids:
            one = open_ids.pop()
            if one not in before:
                before.add(one)
                open_ids += after[one]
        found[step.id] = frozenset(before)
    return found
