"""Finds the skills of a workspace."""

import msgspec

from kapell.core.agents.skills import FILE, FOLDER, Skill, read_skill
from kapell.core.definitions.problems import Problem, Problems
from kapell.kit.errors import Invalid, Missing
from kapell.services.workflows.sources import Sources, beginning


class SkillEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A skill's folder as lists show it; ``skill`` is None when ``problems`` holds errors."""

    name: str
    path: str
    skill: Skill | None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


class SkillShelf:
    """The skills of a workspace, read when asked for.

    Args:
        sources: The workspace's files.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._entries: tuple[SkillEntry, ...] | None = None

    def entries(self) -> tuple[SkillEntry, ...]:
        """Return every skill's folder, by name."""
        if self._entries is None:
            folders = self._sources.folders(FOLDER)
            self._entries = tuple(self._entry(folder) for folder in folders)
        return self._entries

    def skills(self) -> tuple[Skill, ...]:
        """Return the skills that can be used."""
        return tuple(one.skill for one in self.entries() if one.skill is not None)

    def _entry(self, folder: str) -> SkillEntry:
        path = f"{folder}/{FILE}"
        problems = Problems()
        skill = None
        try:
            data = self._sources.bytes_of(path)
        except (Missing, Invalid) as error:
            problems.error(error.code, error.message, beginning(path), error.advice)
        else:
            beside = self._sources.names(folder, ("",))
            files = tuple(one.removeprefix(f"{folder}/") for one in beside if one != path)
            skill = read_skill(data, path, problems, files)
        return SkillEntry(
            name=folder.rpartition("/")[2],
            path=path,
            skill=skill,
            problems=problems.errors,
            warnings=problems.warnings,
        )
