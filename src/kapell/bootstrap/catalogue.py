"""The tools of a workspace: built in, its own, of servers and of APIs, known without importing."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from kapell.adapters.tools.sources import (
    Found,
    FoundTool,
    McpServer,
    OpenApi,
    Source,
)
from kapell.core.agents.delegation import PREFIX as AGENT
from kapell.core.definitions.problems import Problem
from kapell.core.tools.spec import INTERNAL, ToolSpec
from kapell.kit.clock import span
from kapell.kit.errors import Failure, Invalid, Place
from kapell.kit.json import Json
from kapell.settings import FILE as SETTINGS_FILE

FOLDER = "tools"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")
_OURS = (INTERNAL, AGENT, "runs.", "workflows.")
"""What names of our own begin with: guards, offers and models tell by them what something is."""
_SIGNS = re.compile(r"[._-]+")


class Entry(msgspec.Struct, frozen=True):
    """A tool that is not built in: where it comes from, and what its adapter needs."""

    source: Source
    found: FoundTool


class Catalogue(msgspec.Struct, frozen=True):
    """The tools of a workspace that are not built in, and what is wrong with their sources."""

    entries: Mapping[str, Entry] = {}
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def specs(self) -> dict[str, ToolSpec]:
        """Return what the tools say of themselves, by name."""
        return {name: entry.found.spec for name, entry in self.entries.items()}


def catalogue_of(
    root: Path, settings: Json, taken: Sequence[str], *, anew: bool = False
) -> Catalogue:
    """Return the tools of a workspace's own.

    Args:
        root: The workspace.
        settings: The section ``tools`` of its settings, as it was written.
        taken: Names of tools that are there already.
        anew: Whether to look again where nothing seems to have changed.
    """
    section = settings if isinstance(settings, Mapping) else {}
    sources, problems = _sources(root, section)
    if not sources:
        return Catalogue(problems=tuple(problems))
    from kapell.adapters.tools.discovery.looking import (  # noqa: PLC0415 - most have none
        look_through,
    )

    web = section.get("http")
    looked = look_through(str(root), sources, web if isinstance(web, Mapping) else {}, anew=anew)
    return _collected(looked, taken, problems)


def _collected(
    looked: Sequence[tuple[Source, Found]], taken: Sequence[str], problems: list[Problem]
) -> Catalogue:
    entries: dict[str, Entry] = {}
    warnings: list[Problem] = []
    alike = {_alike(name): name for name in taken}
    for source, found in looked:
        place = found.place or _place(source)
        if found.failure is not None:
            problems.append(_problem(found.failure, place))
        for note in found.notes:
            advice = "`kapell tools list --anew` looks again."
            warnings.append(
                Problem(code="tool_source_note", message=note, place=place, advice=advice)
            )
        for tool in found.tools:
            name = tool.spec.name
            wrong = _wrong_name(name, source, entries, alike)
            if wrong is None:
                entries[name] = Entry(source, tool)
            else:
                advice = (
                    "Give it another name: `@tool(name=...)`, another name for its server or API, "
                    "or `allow:` without it."
                )
                problems.append(
                    Problem(code="tool_name", message=wrong, place=place, advice=advice)
                )
    return Catalogue(dict(sorted(entries.items())), tuple(problems), tuple(warnings))


def _wrong_name(
    name: str, source: Source, entries: Mapping[str, Entry], alike: Mapping[str, str]
) -> str | None:
    """Return why a tool cannot have its name; ``alike`` are built-in ones as they are read."""
    if not _NAME.fullmatch(name):
        return f"{source.shown} has a tool named {name!r}, which no step could name."
    builtin = alike.get(_alike(name))
    if builtin == name:
        return f"{source.shown} has a tool `{name}`, which is the name of a built-in one."
    if builtin is not None:
        return f"{source.shown} has a tool `{name}`, which reads like the built-in `{builtin}`."
    ours = next((one for one in _OURS if name.lower().startswith(one)), None)
    if ours is not None:
        return f"{source.shown} has a tool `{name}`: names that begin with `{ours}` are our own."
    if name in entries:
        other = entries[name].source.shown
        where = "twice" if other == source.shown else f"and so has {other}"
        return f"{source.shown} has a tool `{name}`, {where}."
    return None


def _alike(name: str) -> str:
    """Return what names have in common that a person or a model takes for one another."""
    return _SIGNS.sub("_", name).lower()


def _sources(root: Path, section: Mapping[str, Json]) -> tuple[list[Source], list[Problem]]:
    sources = _python_sources(root, section)
    problems: list[Problem] = []
    for kind in ("mcp", "openapi"):
        named = section.get(kind)
        for name, said in sorted(named.items()) if isinstance(named, Mapping) else ():
            try:
                sources.append(_remote(kind, name, said))
            except (msgspec.ValidationError, Invalid) as error:
                problems.append(_unreadable(f"tools.{kind}.{name}", error))
    return sources, problems


def _python_sources(root: Path, section: Mapping[str, Json]) -> list[Source]:
    folder = root / FOLDER
    files = sorted(folder.glob("*.py")) if folder.is_dir() else []
    sources = [
        Source(kind="python", name=f"{FOLDER}/{path.name}", path=str(path.absolute()))
        for path in files
        if not path.name.startswith("_")
    ]
    python = section.get("python")
    modules = python.get("modules") if isinstance(python, Mapping) else None
    names = modules if isinstance(modules, list | tuple) else ()
    return [*sources, *(Source(kind="python", name=str(one), path=str(one)) for one in names)]


def _remote(kind: str, name: str, said: Json) -> Source:
    """Return a server or an API as the settings describe it.

    Raises:
        ValidationError, Invalid: it is not described as it should be.
    """
    if kind == "openapi":
        return Source(kind="openapi", name=name, openapi=msgspec.convert(said, OpenApi))
    given = dict(said) if isinstance(said, Mapping) else {}
    start = given.get("start")
    if isinstance(start, str):
        given["start"] = span(start)
    return Source(kind="mcp", name=name, mcp=msgspec.convert(given, McpServer))


def _problem(failure: Failure, place: Place) -> Problem:
    return Problem(code=failure.code, message=failure.message, place=place, advice=failure.advice)


def _unreadable(name: str, error: Exception) -> Problem:
    return Problem(
        code="settings_invalid",
        message=f"`{name}` cannot be used: {error}.",
        place=Place(file=SETTINGS_FILE, line=1, column=1),
        advice=f"Correct it in {SETTINGS_FILE}.",
    )


def _place(source: Source) -> Place:
    own = source.kind == "python" and source.path.endswith(".py")
    return Place(file=source.name if own else SETTINGS_FILE, line=1, column=1)
