"""The authored form of a step and of the kinds that hold steps themselves."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from kapell.core.definitions.authored import Authored, Expression, Span, doc, later
from kapell.core.definitions.limits import BudgetForm, CacheForm, GroundedForm, RetryForm
from kapell.core.guardrails.standing import ProfileName
from kapell.kit.json import Json

KINDS = (
    "agent",
    "ask",
    "tool",
    "code",
    "workflow",
    "approval",
    "wait",
    "set",
    "steps",
    "parallel",
    "switch",
    "loop",
)
"""Keys of which a step has exactly one: what sort of step it is."""

LATER_KINDS = ("team",)

Text = Annotated[str, Meta(min_length=1)]
Whole = Annotated[int, Meta(ge=1)]


def _authored_key(name: str) -> str:
    """Return the key an author writes; Python's own words carry an underscore as fields."""
    return name.rstrip("_")


class EscalationForm(Authored, kw_only=True):
    """Who else may answer a question that nobody has answered for long."""

    called: ClassVar[str] = "`escalate`"

    after: Annotated[Span, doc("How long nobody has answered then.")]
    to: Annotated[Text, doc("Who may answer too: somebody, or a role as `role:NAME`.")]


class ApprovalForm(Authored, kw_only=True):
    """A question to a person; the run waits for the answer without holding anything."""

    called: ClassVar[str] = "`approval`"

    title: Annotated[Text, doc("What is asked, one line; a template.")]
    data: Annotated[
        dict[str, Json] | None, doc("What the person sees beside the title; templates inside.")
    ] = None
    edit: Annotated[list[str] | None, doc("Keys of `data` the person may change.")] = None
    expires: Annotated[Span | None, doc("How long the question stands.")] = None
    on_expiry: Annotated[
        Literal["reject", "approve", "fail"] | None,
        doc("What happens when nobody answers in time.", default="reject"),
    ] = None
    approvers: Annotated[
        list[Text] | None,
        doc("Who may answer: people, or roles as `role:NAME`. Anyone, when left out."),
    ] = None
    need: Annotated[
        Annotated[int, Meta(ge=1, le=100)] | None,
        doc("How many different people must agree; one that refuses ends it.", default=1),
    ] = None
    remind: Annotated[
        Span | None, doc("How often those who were asked are reminded; a minute at least.")
    ] = None
    escalate: Annotated[EscalationForm | None, doc("Who else is asked after some time.")] = None


class WaitForm(Authored, kw_only=True, rename=_authored_key):
    """A pause for a time, until a time, or for a signal."""

    called: ClassVar[str] = "`wait`"
    exactly_one: ClassVar[tuple[str, ...]] = ("for", "until", "signal")

    for_: Annotated[
        str | int | float | None,
        doc("How long, such as 5m; a template may give it.", examples=["5m", 30]),
    ] = None
    until: Annotated[
        str | None, doc("Until when: a date and time, such as 2030-01-31T09:00:00Z; or a template.")
    ] = None
    signal: Annotated[Text | None, doc("Name of the signal waited for.")] = None
    match: Annotated[
        Expression | None,
        doc("Which signals count: an expression that sees the payload as `signal`."),
    ] = None
    trust: Annotated[
        Literal["trusted", "untrusted"] | None,
        doc("Whether who sends the signal may be trusted.", default="untrusted"),
    ] = None


class CodeForm(Authored, kw_only=True):
    """A small program, run in a sandbox; the value of its last expression is the output."""

    called: ClassVar[str] = "`code`"

    language: Annotated[
        Literal["python", "javascript", "sql"], doc("What the program is written in.")
    ]
    source: Annotated[
        Text,
        doc(
            "The program. Braces in it are its own: values come in by `input`. One lone "
            "`{{ … }}` takes the program from there."
        ),
    ]
    input: Annotated[
        Json, doc("What the program sees as `input`, mostly a mapping; templates inside.")
    ] = None
    packages: Annotated[
        list[Text] | None,
        doc("Packages it imports: installed here, and allowed by the settings.", default=[]),
    ] = None
    timeout: Annotated[Span | None, doc("Time the program may take.", default="30s")] = None


class CaseForm(Authored, kw_only=True):
    """One way of a switch."""

    called: ClassVar[str] = "a case"

    name: Annotated[Text, doc("Name of the case; it is the output's `case`.")]
    when: Annotated[Expression, doc("Expression that chooses this case.")]
    steps: Annotated["list[StepForm]", doc("What is done then.")]


class SwitchForm(Authored, kw_only=True, rename=_authored_key):
    """The first case that holds is taken, else `else`, else nothing."""

    called: ClassVar[str] = "`switch`"

    cases: Annotated[list[CaseForm], doc("Cases, asked in order.")]
    else_: Annotated["list[StepForm] | None", doc("What is done when no case holds.")] = None


class LoopForm(Authored, kw_only=True):
    """Steps that are repeated until an expression holds."""

    called: ClassVar[str] = "`loop`"

    steps: Annotated["list[StepForm]", doc("What one pass does.")]
    until: Annotated[
        Expression, doc("Expression asked after each pass; it sees the steps of the pass.")
    ]
    max: Annotated[
        Annotated[int, Meta(ge=1, le=1000)] | None, doc("Most passes (1 to 1,000).", default=10)
    ] = None
    on_exhausted: Annotated[
        Literal["fail", "continue"] | None,
        doc("What happens when `max` passes were not enough.", default="fail"),
    ] = None


class HandlerForm(Authored, kw_only=True):
    """Steps that are done when a step has failed; they see `error`."""

    called: ClassVar[str] = "`on_error`"

    steps: Annotated["list[StepForm]", doc("What is done instead.")]


class CompensateForm(Authored, kw_only=True, rename=_authored_key):
    """How a finished step is undone: a tool, an agent or steps."""

    called: ClassVar[str] = "`compensate`"
    exactly_one: ClassVar[tuple[str, ...]] = ("tool", "agent", "steps")

    tool: Annotated[Text | None, doc("Name of the tool that undoes it.")] = None
    with_: Annotated[dict[str, Json] | None, doc("Arguments of the tool; templates inside.")] = None
    agent: Annotated[Text | None, doc("Name of the agent that undoes it.")] = None
    prompt: Annotated[Text | None, doc("What the agent is asked; a template.")] = None
    steps: Annotated["list[StepForm] | None", doc("Steps that undo it.")] = None


class StepForm(Authored, kw_only=True, rename=_authored_key):
    """A step: exactly one of the kinds, and what any step may add."""

    called: ClassVar[str] = "a step"
    exactly_one: ClassVar[tuple[str, ...]] = KINDS + LATER_KINDS
    elsewhere: ClassVar[Mapping[str, str]] = {
        "needs": "depends_on",
        "if": "when",
        "condition": "when",
        "args": "with",
        "inputs": "with",
        "uses": "tool",
        "run": "tool",
        "retries": "retry",
        "catch": "on_error",
        "rollback": "compensate",
        "schema": "output",
        "sleep": "wait",
        "foreach": "for_each",
        "items": "for_each",
    }

    id: Annotated[
        Text, doc("Name of the step, unique in its sequence: letters, digits, `_` and `-`.")
    ]
    description: Annotated[str | None, doc("What it is for; for people only.")] = None

    agent: Annotated[Text | None, doc("**Kind.** An agent, by name, answers `prompt`.")] = None
    prompt: Annotated[Text | None, doc("What the agent is asked; a template.")] = None
    action: Annotated[
        Text | None, doc("What the agent is asked, as a task's name; goes with `params`.")
    ] = None
    params: Annotated[dict[str, Json] | None, doc("Parameters of `action`; templates inside.")] = (
        None
    )
    ask: Annotated[
        Text | None, doc("**Kind.** One model call without agent and tools; a template.")
    ] = None
    tool: Annotated[Text | None, doc("**Kind.** A tool, by name, called with `with`.")] = None
    code: Annotated[CodeForm | None, doc("**Kind.** A small program, run in a sandbox.")] = None
    workflow: Annotated[
        Text | None, doc("**Kind.** Another workflow, by name, run with `with` as its inputs.")
    ] = None
    with_: Annotated[
        dict[str, Json] | None, doc("Arguments of a tool or a workflow; templates inside.")
    ] = None
    detached: Annotated[
        bool | None, doc("Run the workflow as a run of its own, not as a part of this one.")
    ] = None
    approval: Annotated[
        ApprovalForm | None, doc("**Kind.** A person's answer; the run waits for it.")
    ] = None
    wait: Annotated[WaitForm | None, doc("**Kind.** A pause, or a signal.")] = None
    set: Annotated[
        dict[str, Json] | None, doc("**Kind.** Values, worked out; they are the output.")
    ] = None
    steps: Annotated[
        "list[StepForm] | None",
        doc("**Kind.** A block: steps of their own sequence and scope."),
    ] = None
    parallel: Annotated[
        "dict[str, list[StepForm]] | None",
        doc("**Kind.** Named branches side by side, each a list of steps."),
    ] = None
    switch: Annotated[SwitchForm | None, doc("**Kind.** The first case that holds.")] = None
    loop: Annotated[LoopForm | None, doc("**Kind.** Steps, repeated.")] = None
    team: Annotated[Json, later("teams of agents", "**Kind.** Agents that talk.")] = None

    when: Annotated[
        Expression | None,
        doc("Expression that decides whether the step is done; asked once, before `for_each`."),
    ] = None
    for_each: Annotated[
        str | list[Json] | None,
        doc("The step is done once for each of these items; a template or a list."),
    ] = None
    as_: Annotated[str | None, doc("Name of the item inside the step.", default="item")] = None
    where: Annotated[
        Expression | None, doc("Expression asked for each item; items it refuses are left out.")
    ] = None
    concurrency: Annotated[
        Whole | None, doc("How many items are under way at once.", default=1)
    ] = None
    on_item_error: Annotated[
        Literal["fail", "collect"] | None,
        doc("`fail`: a failed item fails the step; `collect`: it is listed.", default="fail"),
    ] = None
    depends_on: Annotated[
        list[str] | None,
        doc("Steps this one waits for, instead of the one above it; `[]` starts at once."),
    ] = None
    join: Annotated[
        Literal["all", "any", "always"] | None,
        doc("`all` must have succeeded, `any` one is enough, `always` whatever happened."),
    ] = None
    retry: Annotated[RetryForm | None, doc("How failed attempts are repeated.")] = None
    timeout: Annotated[Span | None, doc("Time one attempt may take; waiting is free.")] = None
    on_error: Annotated[
        Literal["fail", "continue"] | HandlerForm | None,
        doc("What a failure does: `fail`, `continue`, or steps.", default="fail"),
    ] = None
    compensate: Annotated[
        CompensateForm | None, doc("How the finished step is undone when the run fails later.")
    ] = None
    budget: Annotated[BudgetForm | None, doc("Ceilings of this step.")] = None
    cache: Annotated[CacheForm | None, doc("When an earlier result may be used again.")] = None
    output: Annotated[
        str | dict[str, Json] | None,
        doc("JSON Schema of the output, or the name of a file that holds it."),
    ] = None
    corrections: Annotated[
        Annotated[int, Meta(ge=0, le=20)] | None,
        doc("How often an answer that breaks `output` goes back to the model.", default=3),
    ] = None
    model: Annotated[
        Text | None, doc("Model of this step and of the steps inside it: `provider:name`.")
    ] = None
    guardrails: Annotated[
        ProfileName | None,
        doc("Guardrail profile of this step and of the steps inside it; `off` guards nothing."),
    ] = None
    grounded: Annotated[
        GroundedForm | None,
        doc("Sources that the answer of an agent or `ask` must keep to, sentence by sentence."),
    ] = None
    result: Annotated[
        Expression | None, doc("Output of a block or of a pass: an expression over its steps.")
    ] = None

    def kinds(self) -> list[str]:
        """Return the kinds the author gave, in the order written."""
        return [key for key in self.node.entries if key in KINDS or key in LATER_KINDS]
