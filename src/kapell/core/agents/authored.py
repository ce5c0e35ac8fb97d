"""The authored form of an agent: the front matter of its Markdown file."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from kapell.core.agents.runtimes import PythonForm, TmuxForm
from kapell.core.definitions.authored import Authored, Span, doc, later
from kapell.core.definitions.limits import BudgetForm, GroundedForm
from kapell.core.guardrails.standing import ProfileName
from kapell.kit.json import Json

RUNTIMES_LATER = {"remote": "outside workers"}
"""Runtimes of the grammar whose capability does not exist yet."""


class AgentForm(Authored, kw_only=True):
    """A role: who answers, by which rules, within which limits.

    The text under the front matter is what the agent is told to be.
    """

    called: ClassVar[str] = "an agent"
    open_ended: ClassVar[bool] = True

    name: Annotated[
        Annotated[str, Meta(min_length=1)],
        doc("Name by which workflows call the agent: letters, digits, `_` and `-`."),
    ]
    description: Annotated[str | None, doc("What the agent is for; routing reads it.")] = None
    model: Annotated[
        str | None, doc("Model unless the workflow or step says another; `inherit` says nothing.")
    ] = None
    tools: Annotated[
        list[str] | str | None,
        doc("Tools it may use, as a list or separated by commas; `table.*` means a family."),
    ] = None
    skills: Annotated[
        list[str] | str | None,
        doc("Skills it is told of, as a list or separated by commas; `*` means all."),
    ] = None
    policy: Annotated[
        Json, later("policies", "Which tools on which domains are allowed, asked or denied.")
    ] = None
    tier: Annotated[
        Literal["orchestrator", "specialist", "worker"] | None,
        doc("Its place among agents.", default="specialist"),
    ] = None
    capabilities: Annotated[list[str] | None, doc("What it can do, as words.")] = None
    tags: Annotated[list[str] | None, doc("Words to find it by.")] = None
    output: Annotated[
        str | dict[str, Json] | None,
        doc("JSON Schema of its answers, or the name of a file that holds it."),
    ] = None
    budget: Annotated[BudgetForm | None, doc("Ceilings for one call to the agent.")] = None
    max_output: Annotated[
        Annotated[int, Meta(ge=1)] | None, doc("Most tokens of one answer.", default=4096)
    ] = None
    cache: Annotated[
        Span | None,
        doc("How long an answer of its model to the very same is given again, free of cost."),
    ] = None
    turns: Annotated[
        Annotated[int, Meta(ge=1, le=200)] | None,
        doc(
            "Most turns for one answer: a model call with the tools it asks for. The last has no "
            "tools; corrections of a wrong answer come on top.",
            default=20,
        ),
    ] = None
    temperature: Annotated[
        Annotated[float, Meta(ge=0, le=2)] | None, doc("How freely the model chooses its words.")
    ] = None
    guardrails: Annotated[
        ProfileName | None,
        doc("Guardrail profile, unless the workflow or step says another; `off` guards nothing."),
    ] = None
    grounded: Annotated[
        GroundedForm | None,
        doc("Its answers must keep to sources, unless the step says otherwise."),
    ] = None
    runtime: Annotated[
        Literal["inline", "remote", "tmux", "python"] | None,
        doc(
            "Who works: a model (`inline`), an object of another framework (`python`), a program "
            "in a terminal (`tmux`); `remote` is not available yet.",
            default="inline",
        ),
    ] = None
    python: Annotated[PythonForm | None, doc("The object, for `runtime: python`.")] = None
    tmux: Annotated[TmuxForm | None, doc("The program, for `runtime: tmux`.")] = None
