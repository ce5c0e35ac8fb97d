"""The authored form of a workflow file."""

from typing import Annotated, ClassVar, Literal

from kapell.core.definitions.authored import Authored, Span, doc, later
from kapell.core.definitions.limits import BudgetForm, DefaultsForm
from kapell.core.guardrails.standing import ProfileName
from kapell.core.workflows.authored.steps import StepForm, Text
from kapell.kit.json import Json

InputType = Literal["string", "integer", "number", "boolean", "object", "array", "file", "any"]


class InputForm(Authored, kw_only=True):
    """What an input accepts."""

    called: ClassVar[str] = "an input"

    type: Annotated[
        InputType | None, doc("Sort of value; a `file` is given as a path.", default="any")
    ] = None
    description: Annotated[str | None, doc("What it is for.")] = None
    enum: Annotated[list[Json] | None, doc("The only values accepted.")] = None
    default: Annotated[Json, doc("Value when none is given; makes the input optional.")] = None
    required: Annotated[
        bool | None, doc("Whether it must be given; without a default it must.")
    ] = None
    trust: Annotated[
        Literal["trusted", "untrusted"] | None,
        doc("Whether strangers wrote what it holds (`untrusted`).", default="trusted"),
    ] = None


class WorkflowForm(Authored, kw_only=True):
    """A workflow: steps, what goes in and what comes out."""

    called: ClassVar[str] = "a workflow"

    name: Annotated[Text, doc("Name of the workflow.")]
    description: Annotated[str | None, doc("What it does; for people.")] = None
    inputs: Annotated[
        dict[str, InputForm | None] | None,
        doc("Inputs by name; a workflow that declares none accepts any."),
    ] = None
    model: Annotated[
        Text | None,
        doc("Model of every step that names none: `offline`, `provider:name` or a route."),
    ] = None
    budget: Annotated[BudgetForm | None, doc("Ceilings of a whole run.")] = None
    timeout: Annotated[Span | None, doc("Time a run may take; waiting is free.")] = None
    defaults: Annotated[
        DefaultsForm | None, doc("What agent, ask and tool steps have unless they say otherwise.")
    ] = None
    steps: Annotated[list[StepForm], doc("The steps, in order.")]
    outputs: Annotated[
        dict[str, Json] | None,
        doc("What a run yields, templates inside; without it, the last step's output."),
    ] = None
    on_failure: Annotated[
        Literal["compensate", "hold"] | None,
        doc("After a failure: undo finished steps, or wait for a person.", default="compensate"),
    ] = None
    triggers: Annotated[Json, later("triggers", "What starts a run by itself.")] = None
    concurrency: Annotated[Json, later("triggers", "How many runs may go on at once.")] = None
    secrets: Annotated[Json, later("the secret store", "Secrets the tools need.")] = None
    guardrails: Annotated[
        ProfileName | None,
        doc("Guardrail profile of every step that names none; `off` guards nothing."),
    ] = None
