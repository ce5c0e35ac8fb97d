"""The half of ``kapell.yaml`` that speaks the language of workflows; light, for ``validate``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from kapell.core.approvals.approvers import subject
from kapell.core.definitions.authored import Authored, doc, later
from kapell.core.definitions.limits import BudgetForm, DefaultsForm
from kapell.core.definitions.problems import Problems
from kapell.core.definitions.reading import read
from kapell.core.definitions.shaping import shape
from kapell.core.definitions.tree import Node
from kapell.core.workflows.compiling.filling import budget_of, retry_of
from kapell.core.workflows.models import check_judge, resolve_model
from kapell.core.workflows.pins import WorkspaceDefaults
from kapell.core.workflows.version import Retry
from kapell.kit.errors import Invalid, Place
from kapell.kit.json import Json
from kapell.settings import FILE
from kapell.settings.linting import LintForm
from kapell.settings.routes import DeploymentForm, RouteForm, routes_of

LARGEST = 1_100_000
"""Bytes read of the file: a little over what the reader takes, so that more is noticed."""


class AgentsForm(Authored, kw_only=True):
    """What agents have that say nothing themselves."""

    called: ClassVar[str] = "the settings of agents"

    tools: Annotated[
        list[str] | None,
        doc("Tools of agents that name none; those of them that only read, families as `text.*`."),
    ] = None


class DefinitionsForm(Authored, kw_only=True):
    """What workflows and agents have when they say nothing themselves."""

    called: ClassVar[str] = "the settings"
    open_ended: ClassVar[bool] = True

    model: Annotated[
        str | None,
        doc("Model of workflows and agents that name none.", default="offline"),
    ] = None
    routes: Annotated[
        dict[str, str | list[str | DeploymentForm] | RouteForm] | None,
        doc("Names to be used wherever a model is named: of a model, or of several and a rule."),
    ] = None
    budget: Annotated[BudgetForm | None, doc("Ceilings of every run that sets none.")] = None
    defaults: Annotated[
        DefaultsForm | None, doc("Time and retries of agent, ask and tool steps that set none.")
    ] = None
    agents: Annotated[AgentsForm | None, doc("What agents have that say nothing themselves.")] = (
        None
    )
    lint: Annotated[LintForm | None, doc("How strict `kapell agents lint` is.")] = None
    flags: Annotated[Json, later("feature flags", "Capabilities switched on or off.")] = None
    knowledge: Annotated[Json, later("memory", "Folders of documents to be indexed.")] = None


def settings_tree(workspace: Path, problems: Problems) -> Node | None:
    """Return the tree of the workspace's settings; None when it has none or they are empty.

    Args:
        workspace: The folder of the file.
        problems: Takes errors of single values, beside which the rest can be checked.

    Raises:
        DefinitionInvalid: The file is no YAML.
        Invalid: ``settings_unreadable`` when it may not be read.
    """
    path = workspace / FILE
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Invalid(
            f"{FILE} cannot be read: {error.strerror}.",
            code="settings_unreadable",
            advice="Check that it is a file and that you may read it.",
        ) from error
    if not any(
        line.strip() and not line.lstrip().startswith((b"#", b"---")) for line in data.split(b"\n")
    ):
        return None
    return read(data, FILE, noted=problems)


def workspace_defaults(
    tree: Node | None, environ: Mapping[str, str], problems: Problems
) -> WorkspaceDefaults:
    """Return what the settings say to workflows; what is wrong is noted.

    Args:
        tree: The file as read, None when there is none.
        environ: The environment; ``KAPELL_MODEL`` stands before the file's model.
        problems: Collects what is wrong.
    """
    found = WorkspaceDefaults()
    model = environ.get("KAPELL_MODEL")
    place = Place(file="KAPELL_MODEL", line=1, column=1)
    names: Mapping[str, object] = {}
    if tree is not None:
        form = shape(tree, DefinitionsForm, problems)
        names = form.routes or {}
        limits = form.defaults
        retry = None if limits is None or limits.retry is None else retry_of(limits.retry, Retry())
        found = WorkspaceDefaults(
            model=form.model or found.model,
            routes=routes_of(form.routes, tree.get("routes"), problems),
            budget=budget_of(form.budget),
            retry=retry,
            timeout=None if limits is None else limits.timeout,
            agent_tools=tuple((form.agents.tools or ()) if form.agents else ()),
        )
        if form.model and not model:
            place = form.value("model").place
    if model:
        found = msgspec.structs.replace(found, model=model)
    found = msgspec.structs.replace(found, roles=_roles(tree, environ))
    found = _judge(found, tree, environ, problems)
    # Told here, it is not blamed on every step that names no model itself. Nor is a broken route.
    if found.model in found.routes or found.model not in names:
        resolve_model(found.model, found.routes, place, problems)
    return found


_ROLES = "KAPELL_APPROVALS__ROLES"


def _roles(tree: Node | None, environ: Mapping[str, str]) -> Mapping[str, tuple[str, ...]] | None:
    """Return who has which role; None where the environment has a say, or what is said is broken.

    Whether it can be used at all is told where the settings are read whole.
    """
    if any(name.upper().startswith(_ROLES) for name in environ):
        return None
    node = tree
    for key in ("approvals", "roles"):
        node = None if node is None else node.get(key)
    said = {} if node is None else node.plain()
    if not isinstance(said, dict):
        return None
    people = {
        role: tuple(subject(one) for one in named if isinstance(one, str))
        for role, named in said.items()
        if isinstance(named, list)
    }
    return people if len(people) == len(said) else None


_JUDGE = "KAPELL_GUARDRAILS__GROUNDING__JUDGE"


def _judge(
    found: WorkspaceDefaults, tree: Node | None, environ: Mapping[str, str], problems: Problems
) -> WorkspaceDefaults:
    """Return the defaults with the judge of answers; versions hold it, so it is read here."""
    node = tree
    for key in ("guardrails", "grounding", "judge"):
        node = None if node is None else node.get(key)
    name, place = environ.get(_JUDGE), Place(file=_JUDGE, line=1, column=1)
    if not name and node is not None:
        name, place = node.text, node.place
    if not name:
        return found
    check_judge(name, found.routes, place, problems)
    return msgspec.structs.replace(found, judge=name)
