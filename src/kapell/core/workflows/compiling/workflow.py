"""From the authored form to the frozen version."""

import msgspec

from kapell.core.agents.definition import Agent
from kapell.core.agents.delegation import team
from kapell.core.definitions.problems import Problems
from kapell.core.workflows.authored.workflow import InputForm, WorkflowForm
from kapell.core.workflows.checks.catalogue import check_names
from kapell.core.workflows.checks.inputs import check_inputs
from kapell.core.workflows.checks.walk import check_workflow
from kapell.core.workflows.compiling.building import Builder
from kapell.core.workflows.compiling.filling import budget_of, merged
from kapell.core.workflows.models import judged
from kapell.core.workflows.pins import Overrides, Pins, WorkspaceDefaults
from kapell.core.workflows.references import references_of
from kapell.core.workflows.version import InputSpec, Version
from kapell.kit.json import encode


def compile_workflow(
    form: WorkflowForm,
    pins: Pins,
    defaults: WorkspaceDefaults,
    problems: Problems,
    overrides: Overrides | None = None,
) -> Version | None:
    """Return the compiled workflow, None when ``problems`` holds errors or a pin is missing.

    The same form, pins, defaults and overrides always give the same version.
    """
    around = overrides or Overrides()
    check_workflow(form, problems)
    check_inputs(form, problems)
    check_names(form, pins, defaults, around, problems)
    named = references_of(form)
    agents = sorted({one.name for one in named.agents})
    workflows = sorted({one.name for one in named.workflows})
    pinned = pins.agents.keys() >= set(agents) and pins.workflows.keys() >= set(workflows)
    pinned = pinned and pins.schemas.keys() >= {one.name for one in named.schemas}
    if problems.errors or not pinned:
        return None
    version = Version(
        name=form.name,
        description=form.description or "",
        inputs=_inputs(form),
        body=Builder(form, pins, defaults, around).workflow(),
        outputs=form.outputs,
        budget=merged(around.budget, merged(budget_of(form.budget), defaults.budget)),
        timeout=form.timeout if around.timeout is None else around.timeout,
        on_failure=form.on_failure or "compensate",
        agents={name: _agent(pins.agents[name], defaults) for name in team(agents, pins.agents)},
        workflows={name: pins.workflows[name] for name in workflows},
    )
    # What runs here is what a store gives back, down to the order of keys.
    return msgspec.json.decode(encode(version), type=Version)


def _agent(agent: Agent, defaults: WorkspaceDefaults) -> Agent:
    """Return an agent as it answers other agents, with the judge of the workspace."""
    return msgspec.structs.replace(agent, grounded=judged(agent.grounded, defaults))


def _inputs(form: WorkflowForm) -> dict[str, InputSpec] | None:
    if form.inputs is None:
        return None
    return {name: _input(one) for name, one in form.inputs.items()}


def _input(form: InputForm | None) -> InputSpec:
    if form is None:
        return InputSpec(required=True)
    required = form.required if form.required is not None else not form.given("default")
    return InputSpec(
        type=form.type or "any",
        description=form.description or "",
        enum=None if form.enum is None else tuple(form.enum),
        default=form.default,
        required=required,
        trust=form.trust or "trusted",
    )
