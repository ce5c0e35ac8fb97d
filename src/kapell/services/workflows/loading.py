"""Loads one workflow with everything it names: agents, schemas and sub-workflows."""

from collections.abc import Mapping

import msgspec

from kapell.core.agents.definition import Agent
from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problems
from kapell.core.definitions.shaping import shape
from kapell.core.definitions.tree import Node
from kapell.core.tools.spec import ToolSpec
from kapell.core.workflows.authored.workflow import WorkflowForm
from kapell.core.workflows.compiling import compile_workflow
from kapell.core.workflows.pins import Overrides, Pins, WorkspaceDefaults
from kapell.core.workflows.references import Reference, references_of
from kapell.core.workflows.version import Version
from kapell.kit.errors import Denied
from kapell.services.workflows.agents import AgentShelf
from kapell.services.workflows.sources import Sources, folder_of
from kapell.services.workflows.teams import Team

FOLDER = "workflows"
ENDINGS = (".yaml", ".yml", ".json")
DEEPEST = 8
"""How many sub-workflows may stand inside each other."""


class Loader:
    """Compiles workflows for one loading; every file is read and every sub-workflow made once."""

    def __init__(
        self,
        sources: Sources,
        shelf: AgentShelf,
        defaults: WorkspaceDefaults,
        tools: Mapping[str, ToolSpec] | None,
        overrides: Overrides,
    ) -> None:
        self._sources = sources
        self._shelf = shelf
        self._defaults = defaults
        self._tools = tools
        self._overrides = overrides
        self._made: dict[tuple[str, str | None, str | None], Version | None] = {}
        self._forms: dict[str, WorkflowForm | None] = {}

    def load(self, path: str, problems: Problems) -> Version | None:
        """Return the version of the workflow at ``path``; what is wrong is noted."""
        return self._load(path, problems, self._defaults, self._overrides, ())

    def names(self) -> frozenset[str]:
        """Return the names workflows go by: their files' and the ones they declare."""
        found: set[str] = set()
        for path in self._sources.names(FOLDER, ENDINGS):
            found.add(stem(path))
        return frozenset(found)

    def find(self, name: str) -> str | None:
        """Return the path of a workflow of the workspace by its file's or its declared name."""
        paths = self._sources.names(FOLDER, ENDINGS)
        for path in paths:
            if stem(path) == name:
                return path
        for path in paths:
            form = self._form(path, Problems())
            if form is not None and form.name == name:
                return path
        return None

    def _form(self, path: str, problems: Problems) -> WorkflowForm | None:
        if path not in self._forms:
            root = self._sources.tree(path, problems)
            self._forms[path] = None if root is None else shape(root, WorkflowForm, problems)
        return self._forms[path]

    def _load(
        self,
        path: str,
        problems: Problems,
        defaults: WorkspaceDefaults,
        overrides: Overrides,
        above: tuple[str, ...],
    ) -> Version | None:
        self._forms.pop(path, None)
        form = self._form(path, problems)
        if form is None:
            return None
        named = references_of(form)
        direct = {one.name: self._shelf.find(one.name, problems) for one in named.agents}
        agents = Team(self._shelf, self._defaults.routes, problems).gather(direct)
        model = form.model or overrides.caller_model
        inner = msgspec.structs.replace(
            overrides,
            caller_model=model,
            caller_guardrails=form.guardrails or overrides.caller_guardrails,
            budget=None,
            timeout=None,
        )
        workflows = {
            one.name: self._sub(one, path, problems, inner, above) for one in named.workflows
        }
        pins = Pins(
            agents=_found(agents),
            workflows={name: sub for name, sub in workflows.items() if sub is not None},
            schemas=self._schemas(named.schemas, path, problems),
            tools=self._tools,
            # Every file is read for hints only when a name leads nowhere.
            known_agents=self._shelf.names() if None in direct.values() else frozenset(),
            known_workflows=self.names() | frozenset(workflows),
        )
        return compile_workflow(form, pins, defaults, problems, overrides)

    def _sub(
        self,
        named: Reference,
        path: str,
        problems: Problems,
        overrides: Overrides,
        above: tuple[str, ...],
    ) -> Version | None:
        target = self._target(named, path, problems)
        if target is None:
            return None
        chain = (*above, path)
        if target in chain:
            listed = " -> ".join([*(stem(one) for one in chain[chain.index(target) :]), named.name])
            problems.error(
                "workflow_cycle",
                f"These workflows call each other: {listed}.",
                named.place,
                "Use a `loop` inside one workflow.",
            )
            return None
        if len(chain) > DEEPEST:
            self._too_deep(named, problems)
            return None
        key = (target, overrides.caller_model, overrides.caller_guardrails)
        if key not in self._made:
            defaults = msgspec.structs.replace(self._defaults, budget=None)
            self._made[key] = self._load(target, problems, defaults, overrides, chain)
        version = self._made[key]
        if version is not None and len(chain) + _levels(version) - 1 > DEEPEST:
            self._too_deep(named, problems)
        return version

    def _too_deep(self, named: Reference, problems: Problems) -> None:
        message = f"Sub-workflows stand more than {DEEPEST} deep inside each other."
        problems.error("workflow_too_deep", message, named.place, "Call some of them from above.")

    def _target(self, named: Reference, path: str, problems: Problems) -> str | None:
        """Return the path of a sub-workflow; one that does not exist is noted."""
        if named.name.endswith(ENDINGS):
            return self._sources.find(named.name, folder_of(path), named.place, problems)
        found = self.find(named.name)
        if found is not None:
            return found
        for ending in ENDINGS:
            near = f"{folder_of(path)}/{named.name}{ending}".removeprefix("/")
            try:
                beside = self._sources.files.inside(near)
            except Denied as error:
                problems.error(error.code, error.message, named.place, error.advice)
                return None
            if beside is not None:
                return beside
        advice = hint(named.name, self.names(), "Known workflows")
        problems.error(
            "workflow_unknown",
            f"There is no workflow `{named.name}`.",
            named.place,
            advice or f"Write it as {FOLDER}/{named.name}.yaml.",
        )
        return None

    def _schemas(
        self, named: tuple[Reference, ...], path: str, problems: Problems
    ) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for one in named:
            node, _ = self._sources.schema(one.name, folder_of(path), one.place, problems)
            if node is not None:
                found[one.name] = node
        return found


def _levels(version: Version) -> int:
    """Return how many workflows stand inside each other here, this one counted."""
    return 1 + max((_levels(one) for one in version.workflows.values()), default=0)


def _found(agents: Mapping[str, Agent | None]) -> dict[str, Agent]:
    return {name: agent for name, agent in agents.items() if agent is not None}


def stem(path: str) -> str:
    """Return the name of a workflow's file without folder and ending."""
    name = path.rpartition("/")[2]
    for ending in ENDINGS:
        name = name.removesuffix(ending)
    return name
