"""Finds agents by name among the files of a workspace."""

import re
from collections.abc import Mapping

import msgspec

from kapell.core.agents.borrowed import READ_ONLY
from kapell.core.agents.definition import Agent
from kapell.core.agents.reading import (
    AgentFile,
    agent_of,
    is_borrowed,
    named_skills,
    read_agent,
)
from kapell.core.agents.skills import FOLDER as SKILLS
from kapell.core.agents.skills import LOAD, chosen_skills
from kapell.core.definitions.json_schema import check_schema
from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problem, Problems
from kapell.core.definitions.tree import Node
from kapell.core.gateway.routing.route import Routes
from kapell.core.tools.spec import ToolSpec, chosen
from kapell.core.workflows.models import resolve_model
from kapell.kit.errors import Invalid, KapellError, Missing, Place
from kapell.services.workflows.good import GoodAgents, Kept
from kapell.services.workflows.skills import SkillShelf
from kapell.services.workflows.sources import Sources, beginning, folder_of

FOLDER = "agents"
ENDINGS = (".md",)

_NAMED = rb"^name:[ \t]*[\"']?%s[\"']?[ \t\r]*(#.*)?$"


def _refuse_twice(name: str, path: str, other: str, problems: Problems) -> None:
    message = f"The agent `{name}` is also defined in {other}."
    problems.error("name_twice", message, beginning(path), "Rename one of the two.")


class AgentEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's file as lists show it; ``agent`` is None when ``problems`` holds errors.

    ``file`` is what was read, None when it could not be. ``library`` says that it ships with us.
    """

    name: str
    path: str
    agent: Agent | None
    file: AgentFile | None = None
    library: bool = False
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


class AgentShelf:
    """The agents of a workspace, read when asked for.

    Args:
        sources: The workspace's files.
        routes: Short names of models.
        library: Agents for names the workspace has none of its own for.
        tools: The tools there are: what an agent gets that names none is reading only.
        usual: The tools of agents that name none, as the workspace says.
        good: Keeps what was last valid; a broken file is then no obstacle, only a warning.
    """

    def __init__(
        self,
        sources: Sources,
        routes: Routes | None = None,
        library: "AgentShelf | None" = None,
        tools: Mapping[str, ToolSpec] | None = None,
        usual: tuple[str, ...] = (),
        good: GoodAgents | None = None,
    ) -> None:
        self._good = good
        self._sources = sources
        self._skills = SkillShelf(sources)
        self._tools = tools
        self._usual = usual
        self._routes: Routes = routes or {}
        self._library = library
        self._files: dict[str, AgentFile | None] = {}
        self._noted: dict[str, Problems] = {}

    def names(self) -> frozenset[str]:
        """Return the names agents go by, those of broken files and of the library too."""
        own = frozenset(self._name(path) for path in self._paths())
        return own | self._library.names() if self._library is not None else own

    def find(self, name: str, problems: Problems) -> Agent | None:
        """Return an agent by name, None when there is none; what is wrong with it is noted.

        Of two files with one name the one called so is meant; if neither is, nobody knows which.
        """
        straight, paths = f"{FOLDER}/{name}.md", self._paths()
        if straight in paths and self._name(straight) == name:
            for path in paths:
                if path != straight and self._claims(path, name):
                    message = f"The agent `{name}` is also defined in {straight}, which is used."
                    problems.warn("name_twice", message, beginning(path), "Rename one of the two.")
            return self._agent(straight, problems)
        found = [path for path in paths if self._name(path) == name]
        for path in found[1:]:
            _refuse_twice(name, path, found[0], problems)
        if found:
            return self._agent(found[0], problems)
        return self._library.find(name, problems) if self._library is not None else None

    def _claims(self, path: str, name: str) -> bool:
        """Tell whether a file gives its agent a name; it need not be read as a whole for that."""
        if path in self._files:
            return self._name(path) == name
        try:
            front = self._sources.files.read(path).partition(b"\n---")[0]
        except KapellError:
            return False
        return re.search(_NAMED % re.escape(name.encode()), front, re.MULTILINE) is not None

    def place(self, name: str, key: str) -> Place:
        """Return where an agent's file says something, its beginning when it says nothing."""
        for path in self._paths():
            file = self._file(path)
            if self._name(path) == name and file is not None:
                return file.form.value(key).place if file.form.given(key) else beginning(path)
        if self._library is not None:
            return self._library.place(name, key)
        return beginning(f"{FOLDER}/{name}.md")

    def entries(self) -> tuple[AgentEntry, ...]:
        """Return every agent's file, by name; a name used twice is a problem of the later file."""
        found: list[AgentEntry] = []
        first: dict[str, str] = {}
        for path in sorted(self._paths(), key=lambda one: (not self._is_straight(one), one)):
            problems = Problems()
            agent = self._agent(path, problems)
            name = self._name(path)
            if name in first:
                _refuse_twice(name, path, first[name], problems)
            first.setdefault(name, path)
            self._check_model(path, problems)
            found.append(
                AgentEntry(
                    name=name,
                    path=path,
                    agent=None if problems.errors else agent,
                    file=self._file(path),
                    problems=problems.errors,
                    warnings=problems.warnings,
                )
            )
        return tuple(sorted(found, key=lambda one: (one.name, one.path)))

    def _is_straight(self, path: str) -> bool:
        """Tell whether a file is called as its agent is."""
        return path == f"{FOLDER}/{self._name(path)}.md"

    def _check_model(self, path: str, problems: Problems) -> None:
        """Warn of a model that is none: it matters only where nothing nearer names another."""
        file = self._file(path)
        if file is None or not file.form.model:
            return
        found = Problems()
        resolve_model(file.form.model, self._routes, file.form.value("model").place, found)
        for one in found.errors:
            problems.warn(one.code, one.message, one.place, one.advice)

    def _paths(self) -> tuple[str, ...]:
        return self._sources.names(FOLDER, ENDINGS)

    def _file(self, path: str) -> AgentFile | None:
        if path not in self._files:
            problems = self._noted[path] = Problems()
            try:
                self._files[path] = read_agent(self._sources.bytes_of(path), path, problems)
            except (Missing, Invalid) as error:
                problems.error(error.code, error.message, beginning(path), error.advice)
                self._files[path] = None
        return self._files[path]

    def _name(self, path: str) -> str:
        file = self._file(path)
        kept = self._kept(path) if self._noted[path].errors else None
        if kept is not None:
            return kept.agent.name
        if file is not None and file.form.name:
            return file.form.name
        return path.rpartition("/")[2].removesuffix(".md")

    def _agent(self, path: str, problems: Problems) -> Agent | None:
        """Return the agent of a file, or what it was when it was last valid."""
        own = Problems()
        agent = self._made(path, own)
        kept = self._kept(path)
        if kept is not None and own.errors:
            first = own.errors[0]
            problems.warn(
                "agent_kept",
                f"{path} is broken; used is its last good version, of {kept.saved}. "
                f"Broken is: {first.message}",
                first.place,
                f"Mend it; `kapell validate {path}` tells all that is wrong.",
            )
            return kept.agent
        problems.take(own)
        if self._good is not None and agent is not None and not own.errors:
            self._good.keep(path, agent)
        return agent

    def _kept(self, path: str) -> Kept | None:
        """Return the last good version of a file, None where none is kept."""
        return None if self._good is None else self._good.last(path)

    def _made(self, path: str, problems: Problems) -> Agent | None:
        file = self._file(path)
        problems.take(self._noted[path])
        if file is None or self._noted[path].errors:
            return None
        schema: Node | None = None
        if file.schema_file is not None:
            place = file.form.value("output").place
            schema, _ = self._sources.schema(file.schema_file, folder_of(path), place, problems)
            if schema is None:
                return None
            before = len(problems.errors)
            check_schema(schema, problems)
            if len(problems.errors) > before:
                return None
        return self._furnished(agent_of(file, schema), file, path, problems)

    def _furnished(self, agent: Agent, file: AgentFile, path: str, problems: Problems) -> Agent:
        """Return an agent with the tools it gets unasked and the skills it is told of."""
        tools = agent.tools
        if tools is None:
            patterns = self._usual or (READ_ONLY if is_borrowed(file.form) else ())
            known = self._tools or {}
            tools = tuple(one for one in chosen(known, patterns) if known[one].effects == "read")
        wanted = named_skills(file.form)
        skills = chosen_skills(wanted, self._skills.skills()) if wanted else ()
        for name in wanted:
            if not chosen_skills((name,), self._skills.skills()):
                place = file.form.value("skills").place
                known_skills = [one.name for one in self._skills.entries()]
                advice = hint(name, known_skills, "Skills") or f"Write {SKILLS}/{name}/SKILL.md."
                problems.warn("skill_unknown", f"There is no skill `{name}`.", place, advice)
        if skills and LOAD not in tools:
            tools = (*tools, LOAD)
        return msgspec.structs.replace(agent, tools=tools or agent.tools, skills=skills)
