"""Checks the names that stand for things outside the file: agents, tools, workflows, models."""

from collections.abc import Iterable, Sequence

from kapell.core.definitions.json_schema import check_schema
from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problems
from kapell.core.definitions.tree import Node
from kapell.core.expressions import is_template
from kapell.core.workflows.authored.steps import StepForm
from kapell.core.workflows.authored.workflow import WorkflowForm
from kapell.core.workflows.checks.arguments import check_arguments
from kapell.core.workflows.checks.people import check_people
from kapell.core.workflows.inputs import unfit
from kapell.core.workflows.models import check_judge, resolve_model
from kapell.core.workflows.pins import Overrides, Pins, WorkspaceDefaults
from kapell.core.workflows.references import Reference, references_of
from kapell.core.workflows.runtimes import lives_elsewhere
from kapell.core.workflows.sequences import every_step, sequences_of
from kapell.core.workflows.version import Version
from kapell.kit.errors import Place


def check_names(
    form: WorkflowForm,
    pins: Pins,
    defaults: WorkspaceDefaults,
    overrides: Overrides,
    problems: Problems,
) -> None:
    """Note names that lead nowhere and arguments that what they name would refuse."""
    named = references_of(form)
    _known("agent", named.agents, pins.agents, pins.known_agents, problems)
    _known("workflow", named.workflows, pins.workflows, pins.known_workflows, problems)
    if pins.tools is not None:
        _known("tool", named.tools, pins.tools, frozenset(pins.tools), problems)
    for step in every_step(form.steps):
        _tool(step, pins, problems)
        _grounded(step, pins, problems)
        _workflow(step, pins, problems)
        if isinstance(step.output, str):
            schema = pins.schemas.get(step.output)
            if schema is not None:
                check_schema(schema, problems)
        elif step.output is not None:
            check_schema(step.value("output"), problems)
    check_people(form, defaults.roles, problems)
    _Models(pins, defaults, overrides, problems).workflow(form)


def _known(
    what: str,
    named: Iterable[Reference],
    pinned: Iterable[str],
    known: frozenset[str],
    problems: Problems,
) -> None:
    there = set(pinned)
    for one in named:
        if one.name in there or one.name in known:
            continue
        advice = hint(one.name, there | known, f"Known {what}s")
        if not advice:
            advice = f"This workspace has no {what}s."
        message = f"There is no {what} `{one.name}`."
        problems.error(f"{what}_unknown", message, one.place, advice)


def _grounded(step: StepForm, pins: Pins, problems: Problems) -> None:
    """Note answers that nobody could hold against sources: those of agents that live elsewhere."""
    if step.grounded is not None and lives_elsewhere(pins.agents.get(step.agent or "")):
        problems.error(
            "grounded_elsewhere",
            f"The answers of `{step.agent}` are not a model's here: they cannot be corrected.",
            step.place("grounded"),
            "Let a further step with `ask` and `grounded` say it from the agent's output.",
        )


def _tool(step: StepForm, pins: Pins, problems: Problems) -> None:
    if pins.tools is None:
        return
    if step.tool is not None and step.tool in pins.tools:
        given = step.node.get("with")
        check_arguments(pins.tools[step.tool], given, step.place("tool"), problems)
    undo = step.compensate
    if undo is not None and undo.tool is not None and undo.tool in pins.tools:
        given = undo.node.get("with")
        check_arguments(pins.tools[undo.tool], given, undo.place("tool"), problems)


def _workflow(step: StepForm, pins: Pins, problems: Problems) -> None:
    version = pins.workflows.get(step.workflow or "")
    if version is None or version.inputs is None:
        return
    given: Sequence[str] = tuple(step.with_ or ())
    _unknown_inputs(step, given, version, problems)
    for name, value in (step.with_ or {}).items():
        spec = version.inputs.get(name)
        node = step.value("with").at([name])
        if spec is not None and not any(is_template(text.text) for text in node.texts()):
            said = unfit(name, spec, value)
            if said is not None:
                problems.error("argument_wrong", said, node.place, "Give a value of that type.")
    missing = [name for name, spec in version.inputs.items() if spec.required and name not in given]
    for name in missing:
        problems.error(
            "input_missing",
            f"The workflow `{step.workflow}` needs the input `{name}`.",
            step.place("workflow"),
            f"Add it under `with`: `{name}: ...`.",
        )


def _unknown_inputs(
    step: StepForm, given: Sequence[str], version: Version, problems: Problems
) -> None:
    inputs = version.inputs or {}
    for name in given:
        if name not in inputs:
            problems.error(
                "input_unknown",
                f"The workflow `{step.workflow}` declares no input `{name}`.",
                step.value("with").key_place(name),
                hint(name, inputs, "Its inputs") or "It takes no inputs.",
            )


class _Models:
    """Checks that every model named exists, and that whoever needs one has one."""

    def __init__(
        self, pins: Pins, defaults: WorkspaceDefaults, overrides: Overrides, problems: Problems
    ) -> None:
        self._pins = pins
        self._defaults = defaults
        self._override = overrides.model
        self._caller = overrides.caller_model
        self._problems = problems

    def workflow(self, form: WorkflowForm) -> None:
        self._resolve(self._override, Place(file="--model", line=1, column=1))
        model = self._written(form.node.get("model"))
        self._steps(form.steps, model or self._override or self._caller)

    def _steps(self, steps: Sequence[StepForm], around: str | None) -> None:
        for step in steps:
            model = self._written(step.node.get("model")) or around
            if step.agent is not None or step.ask is not None:
                key = "agent" if step.agent is not None else "ask"
                self._needs(step.agent, model, step.place(key))
                self._judge(step, step.place(key))
            if step.compensate is not None and step.compensate.agent is not None:
                self._needs(step.compensate.agent, model, step.compensate.place("agent"))
            for held in sequences_of(step):
                self._steps(held.steps, model)

    def _written(self, node: Node | None) -> str | None:
        """Return what the author wrote for a model, noting it when it is wrong."""
        if node is None or not node.text:
            return None
        resolved = self._resolve(node.text, node.place)
        # A wrong name has been told; whoever needs a model is not told again.
        return resolved or (None if node.text == "inherit" else node.text)

    def _resolve(self, name: str | None, place: Place) -> str | None:
        return resolve_model(name, self._defaults.routes, place, self._problems)

    def _judge(self, step: StepForm, place: Place) -> None:
        agent = self._pins.agents.get(step.agent or "")
        if step.grounded is not None:
            node = step.grounded.node.get("judge")
            name, place = step.grounded.judge, place if node is None else node.place
        else:
            held = agent.grounded if agent is not None else None
            name = held.judge if held is not None else None
        check_judge(name, self._defaults.routes, place, self._problems)

    def _needs(self, agent: str | None, near: str | None, place: Place) -> None:
        if near is not None:
            return
        found = self._pins.agents.get(agent or "")
        if lives_elsewhere(found):
            return
        if found is not None and self._resolve(found.model, place) is not None:
            return
        if found is not None and found.model not in (None, "inherit"):
            return
        if self._resolve(self._defaults.model, place) is None and self._defaults.model is None:
            self._problems.error(
                "model_missing",
                "Nothing says which model answers here.",
                place,
                "Add `model: offline` or another model to the workflow.",
            )
