"""The workspace as the command line and the run services use it."""

import logging
from collections.abc import Mapping
from time import monotonic

import msgspec

from kapell.core.agents.delegation import named
from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problem, Problems
from kapell.core.events.run import KeptAgent
from kapell.core.gateway.routing.route import Routes
from kapell.core.tools.spec import ToolSpec
from kapell.core.workflows.pins import Overrides, WorkspaceDefaults
from kapell.core.workflows.version import Version, version_hash
from kapell.kit.errors import Missing
from kapell.kit.ids import VersionHash
from kapell.services.workflows.agents import AgentEntry, AgentShelf
from kapell.services.workflows.good import GoodAgents
from kapell.services.workflows.loading import ENDINGS, FOLDER, Loader, stem
from kapell.services.workflows.ports import Files, Stamp
from kapell.services.workflows.skills import SkillEntry, SkillShelf
from kapell.services.workflows.sources import SourceFile, Sources
from kapell.services.workflows.teams import Team

log = logging.getLogger(__name__)


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """A compiled workflow, what it was made from, and what was odd about it."""

    version: Version
    hash: VersionHash
    path: str
    source_files: tuple[SourceFile, ...]
    warnings: tuple[Problem, ...] = ()

    @property
    def kept(self) -> tuple[KeptAgent, ...]:
        """Return the agents whose files are broken, so that their last good versions are used."""
        kept = (one for one in self.warnings if one.code == "agent_kept")
        return tuple(KeptAgent(one.place.file, one.place.line, one.message) for one in kept)


class WorkflowEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow's file as lists show it; ``hash`` is None when ``problems`` holds errors."""

    name: str
    path: str
    description: str = ""
    hash: VersionHash | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


class Workspace:
    """Finds, compiles and keeps the definitions of one workspace.

    What was compiled is kept until one of the files it was made from changes; a change is seen by
    the next load.

    Args:
        files: Where the definitions are.
        defaults: What the workspace says for those that say nothing themselves.
        tools: The tools there are, by name; None leaves tool names unchecked.
        library: Where agents come from that the workspace does not have.
        good: Keeps the last good version of each agent, which new runs use while a file is broken.
        fresh: Seconds for which a load is taken for fresh without a look at its files: who starts
            runs by the hundred need not ask the file system about each.
    """

    def __init__(
        self,
        files: Files,
        defaults: WorkspaceDefaults | None = None,
        tools: Mapping[str, ToolSpec] | None = None,
        library: Files | None = None,
        fresh: float = 0.0,
        good: GoodAgents | None = None,
    ) -> None:
        self._good = good
        self._fresh = fresh
        self._looked: dict[tuple[str, bytes], float] = {}
        self._files = files
        self._library = None if library is None else AgentShelf(Sources(library), tools=tools)
        self._defaults = defaults or WorkspaceDefaults()
        self._tools = tools
        self._kept: dict[tuple[str, bytes], tuple[dict[str, Stamp], Loaded]] = {}

    def load_workflow(self, ref: str, overrides: Overrides | None = None) -> Loaded:
        """Return a workflow by its name or the path of its file, compiled with all it names.

        Raises:
            Missing: ``workflow_missing`` when there is none of that name.
            DefinitionInvalid: With everything that is wrong with it and what it names.
        """
        over = overrides or Overrides()
        key = (ref, msgspec.json.encode(over))
        kept = self._kept.get(key)
        if kept is not None and self._unchanged(key, kept[0]):
            return kept[1]
        sources = Sources(self._files)
        loader = Loader(sources, self._shelf(sources), self._defaults, self._tools, over)
        path = self._path(ref, loader)
        problems = Problems()
        version = loader.load(path, problems)
        problems.raise_errors()
        if version is None:
            raise Missing(
                f"{path} could not be read.", code="file_missing", advice="Check the path."
            )
        loaded = Loaded(
            version=version,
            hash=version_hash(version),
            path=path,
            source_files=sources.read_files,
            warnings=problems.warnings,
        )
        for warning in loaded.warnings:
            if warning.code == "agent_kept":
                # A worker or server has nobody beside it: its log says what is used instead.
                log.warning("%s", warning)
        self._kept[key] = (sources.stamps, loaded)
        self._looked[key] = monotonic()
        return loaded

    def _unchanged(self, key: tuple[str, bytes], stamps: Mapping[str, Stamp]) -> bool:
        """Tell whether the files of a load are as they were, looking at most every ``fresh`` s."""
        now = monotonic()
        if now - self._looked.get(key, 0.0) < self._fresh:
            return True
        if any(self._files.stamp(path) != stamp for path, stamp in stamps.items()):
            return False
        self._looked[key] = now
        return True

    def list_workflows(self) -> tuple[WorkflowEntry, ...]:
        """Return every workflow of the workspace with what is wrong with it, by name."""
        sources = Sources(self._files)
        shelf = self._shelf(sources)
        found = []
        for path in sources.names(FOLDER, ENDINGS):
            problems = Problems()
            loader = Loader(sources, shelf, self._defaults, self._tools, Overrides())
            version = loader.load(path, problems)
            found.append(
                WorkflowEntry(
                    name=stem(path) if version is None else version.name,
                    path=path,
                    description="" if version is None else version.description,
                    hash=None if version is None else version_hash(version),
                    problems=problems.errors,
                    warnings=problems.warnings,
                )
            )
        return tuple(sorted(found, key=lambda one: (one.name, one.path)))

    def list_agents(self) -> tuple[AgentEntry, ...]:
        """Return every agent of the workspace with what is wrong with it, by name."""
        shelf = self._shelf(Sources(self._files), self._defaults.routes)
        return tuple(self._circled(one, shelf) for one in shelf.entries())

    def _circled(self, entry: AgentEntry, shelf: AgentShelf) -> AgentEntry:
        """Return an entry that says, too, whether its agent asks itself, be it through others."""
        if entry.agent is None or not any(map(named, entry.agent.tools or ())):
            return entry
        found = Problems()
        Team(shelf, self._defaults.routes, found).gather({entry.name: entry.agent})
        circles = tuple(
            one
            for one in found.errors
            if one.code == "agent_cycle" and one.place.file == entry.path
        )
        if not circles:
            return entry
        return msgspec.structs.replace(entry, agent=None, problems=(*entry.problems, *circles))

    def list_skills(self) -> tuple[SkillEntry, ...]:
        """Return every skill of the workspace with what is wrong with it, by name."""
        return SkillShelf(Sources(self._files)).entries()

    def list_library(self) -> tuple[AgentEntry, ...]:
        """Return the agents of the library, by name; the workspace's own stand before them."""
        if self._library is None:
            return ()
        return tuple(msgspec.structs.replace(one, library=True) for one in self._library.entries())

    def _shelf(self, sources: Sources, routes: Routes | None = None) -> AgentShelf:
        return AgentShelf(
            sources,
            routes,
            library=self._library,
            tools=self._tools,
            usual=self._defaults.agent_tools,
            good=self._good,
        )

    def _path(self, ref: str, loader: Loader) -> str:
        """Return the file a person means by a name or a path."""
        looks_like_path = "/" in ref or ref.endswith(ENDINGS)
        if looks_like_path:
            found = self._files.locate(ref)
            if found is None:
                raise Missing(
                    f"There is no file `{ref}`.",
                    code="workflow_missing",
                    advice="Check the path, or give the name of a workflow of this workspace.",
                )
            return found
        by_name = loader.find(ref) or self._files.locate(ref)
        if by_name is None:
            raise Missing(
                f"There is no workflow `{ref}` in this workspace.",
                code="workflow_missing",
                advice=hint(ref, loader.names(), "Workflows here")
                or f"Write it as {FOLDER}/{ref}.yaml, or give the path of a file.",
            )
        return by_name
