"""Checks definitions without a database: light, so that editors and hooks may call it often."""

from collections.abc import Sequence
from pathlib import Path

from kapell.bootstrap.definitions import (
    SETTINGS_FILE,
    Definitions,
    check_settings,
    open_definitions,
)
from kapell.bootstrap.guarding.looking import look_through
from kapell.cli.exits import Exit
from kapell.cli.failures import block, parts_of, problem_document, tell
from kapell.cli.screen import Screen
from kapell.cli.surroundings import Surroundings
from kapell.cli.whereabouts import refuse_other, root_of, tell_workspace
from kapell.core.definitions.problems import Problem
from kapell.kit.errors import KapellError, Missing


class Checked:
    """What was found in one file."""

    def __init__(self, path: str, kind: str, name: str = "") -> None:
        self.path = path
        self.kind = kind
        self.name = name
        self.hash = ""
        self.errors: tuple[Problem | KapellError, ...] = ()
        self.warnings: tuple[Problem, ...] = ()

    def document(self) -> dict[str, object]:
        """Return it as data."""
        return {
            "file": self.path,
            "kind": self.kind,
            "name": self.name,
            "version": self.hash,
            "ok": not self.errors,
            "errors": [problem_document(one) for one in self.errors],
            "warnings": [problem_document(one) for one in self.warnings],
        }


def check(surroundings: Surroundings, files: Sequence[str], *, as_json: bool = False) -> Exit:
    """Check the files named, or the whole workspace; tell all errors and return the exit code."""
    screen = Screen(surroundings)
    try:
        found = list(_found(surroundings, files))
    except KapellError as error:
        return tell(screen, error, as_json=as_json, debug=surroundings.debug)
    return report(screen, found, as_json=as_json)


def report(screen: Screen, found: Sequence[Checked], *, as_json: bool) -> Exit:
    """Tell what was found and return the exit code."""
    wrong = sum(len(one.errors) for one in found)
    if as_json:
        screen.document({"ok": not wrong, "files": [one.document() for one in found]})
        return Exit.INVALID if wrong else Exit.OK
    for one in found:
        for warning in one.warnings:
            screen.complain(block(screen, warning, word="warning"))
        for problem in one.errors:
            screen.complain(block(screen, problem))
        if not one.errors:
            hashed = f"  {one.hash[:12]}" if one.hash else ""
            screen.say(f"ok  {one.path}  {one.name}{hashed}".rstrip())
    if not found:
        screen.note("Nothing to check: there are no workflows and no agents here.")
    if wrong > 1:
        screen.complain(f"{wrong} errors")
    return Exit.INVALID if wrong else Exit.OK


def _found(surroundings: Surroundings, files: Sequence[str]) -> list[Checked]:
    if not files:
        root = root_of(surroundings)
        everything = _everything(open_definitions(root, Path.cwd()))
        settings = _settings(root)
        wrong = any(one.errors for one in settings)
        return [*settings, *everything, *([] if wrong else _policies(root))]
    opened: dict[Path, Definitions] = {}
    found = []
    for name in files:
        if Path(name).name == SETTINGS_FILE:
            found += _settings(Path(name).absolute().parent)
            continue
        root = root_of(surroundings, name)
        if root not in opened:
            tell_workspace(surroundings, name)
            opened[root] = open_definitions(root, Path.cwd())
        found.append(
            _agent(opened[root], name) if name.endswith(".md") else _one(opened[root], name)
        )
    return found


def _settings(root: Path) -> list[Checked]:
    if not (root / SETTINGS_FILE).exists():
        return []
    checked = Checked(SETTINGS_FILE, "settings")
    try:
        check_settings(root)
    except KapellError as error:
        checked.errors = parts_of(error)
    return [checked]


def _everything(definitions: Definitions) -> list[Checked]:
    found = []
    for workflow in definitions.workspace.list_workflows():
        checked = Checked(workflow.path, "workflow", workflow.name)
        checked.hash = workflow.hash or ""
        checked.errors, checked.warnings = workflow.problems, workflow.warnings
        found.append(checked)
    return [*found, *workspace_agents(definitions), *_tools(definitions)]


def _tools(definitions: Definitions) -> list[Checked]:
    """Check where the workspace's own tools come from; each source with what it holds."""
    own = definitions.own
    sources = {entry.source.shown: entry.source for entry in own.entries.values()}
    names = {problem.place.file for problem in (*own.problems, *own.warnings)}
    found = []
    for name in sorted({*sources, *names} - {SETTINGS_FILE}):
        held = [tool for tool, entry in own.entries.items() if entry.source.shown == name]
        checked = Checked(name, "tools", ", ".join(held))
        checked.errors = tuple(one for one in own.problems if one.place.file == name)
        checked.warnings = tuple(one for one in own.warnings if one.place.file == name)
        found.append(checked)
    in_settings = Checked(SETTINGS_FILE, "tools")
    in_settings.errors = tuple(one for one in own.problems if one.place.file == SETTINGS_FILE)
    in_settings.warnings = tuple(one for one in own.warnings if one.place.file == SETTINGS_FILE)
    return [*found, in_settings] if in_settings.errors or in_settings.warnings else found


def _policies(root: Path) -> list[Checked]:
    """Check the policies as `kapell policy lint` does; each file with what is wrong in it."""
    looked = look_through(root)
    found = []
    told = (*looked.problems, *looked.warnings)
    for name in dict.fromkeys((*looked.names, *(one.place.file for one in told))):
        checked = Checked(name, "policy")
        checked.errors = tuple(one for one in looked.problems if one.place.file == name)
        checked.warnings = tuple(one for one in looked.warnings if one.place.file == name)
        found.append(checked)
    return found


def workspace_agents(definitions: Definitions) -> list[Checked]:
    """Check every agent of the workspace."""
    found = []
    for agent in definitions.workspace.list_agents():
        checked = Checked(agent.path, "agent", agent.name)
        checked.errors, checked.warnings = agent.problems, agent.warnings
        found.append(checked)
    return found


def _one(definitions: Definitions, name: str) -> Checked:
    checked = Checked(name, "workflow")
    try:
        refuse_other(name)
        loaded = definitions.workspace.load_workflow(name)
    except KapellError as error:
        checked.errors = parts_of(error)
        if isinstance(error, Missing):
            raise
        if any(one.code == "tool_unknown" for one in checked.errors):
            # It may be one of those that could not be looked through.
            checked.warnings = (*definitions.own.problems, *definitions.own.warnings)
        return checked
    checked.path, checked.name, checked.hash = loaded.path, loaded.version.name, loaded.hash
    checked.warnings = loaded.warnings
    return checked


def _agent(definitions: Definitions, name: str) -> Checked:
    path = Path(name).resolve()
    for entry in definitions.workspace.list_agents():
        if (definitions.root / entry.path).resolve() == path:
            checked = Checked(entry.path, "agent", entry.name)
            checked.errors, checked.warnings = entry.problems, entry.warnings
            return checked
    raise Missing(
        f"There is no agent's file `{name}` in the workspace {definitions.root}.",
        code="agent_missing",
        advice="Agents are files agents/NAME.md of a workspace.",
    )
