"""Policies wired up: where their files are, who judges by them, what the settings add."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from kapell import library
from kapell.adapters.policies.rego.compiler import RegoCompiler
from kapell.adapters.system.clock import SystemClock
from kapell.adapters.workspace.files import WorkspaceFolder
from kapell.adapters.workspace.policies import GoodPolicyFiles
from kapell.bootstrap.definitions import STATE, open_definitions
from kapell.bootstrap.guarding.looking import Linted
from kapell.core.approvals.approvers import subject
from kapell.core.definitions.problems import DefinitionInvalid
from kapell.core.policies.kinds import FOLDER
from kapell.core.policies.remarks import remarks, unread
from kapell.kit.clock import Clock
from kapell.services.policies.current import (
    CurrentPolicies,
    policy_names,
    read_sources,
)
from kapell.services.policies.policies import Policies, Terms
from kapell.services.policies.ports import Compiler, Sources
from kapell.settings.loading import Settings, load_settings

_LIBRARY = "library"


def make_policies(root: Path, settings: Settings, clock: Clock | None = None) -> Policies:
    """Return the policies of a workspace; nothing is read before they are asked."""
    current = CurrentPolicies(
        WorkspaceFolder(root),
        built_in(),
        compiler(settings, root / STATE),
        GoodPolicyFiles(root / STATE),
    )
    return Policies(current, terms(settings), clock or SystemClock())


def open_policies(root: Path) -> Policies:
    """Return the policies of a workspace where no app is open; the settings are read whole.

    Raises:
        KapellError: With what is wrong in the settings.
    """
    return make_policies(root, load_settings(root))


def linted(root: Path) -> Linted:
    """Return the policies of a workspace, and what is wrong in them; without any, nothing is made.

    What is odd is told of policies in which nothing is wrong.

    Raises:
        KapellError: the settings are wrong, or the server that judges gives no answer.
    """
    files = WorkspaceFolder(root)
    names = policy_names(files)
    aside = unread(path for one in files.folders(FOLDER) for path in policy_names(files, one))
    if not names:
        return Linted(warnings=aside)
    try:
        own, settings = read_sources(files), load_settings(root)
        asyncio.run(compiler(settings, root / STATE).lint({**built_in(), **own}))
    except DefinitionInvalid as error:
        return Linted(names, error.problems)
    tools, roles = open_definitions(root).tools, settings.approvals.roles
    return Linted(names, warnings=(*remarks(own, tools, roles), *aside))


def compiler(settings: Settings, state: Path) -> Compiler:
    """Return who makes policies ready, as the settings say; ``state`` keeps what went well."""
    said = settings.policies
    if said.judge == "rego":
        return RegoCompiler(state)
    from kapell.adapters.policies.opa.compiler import (  # noqa: PLC0415 - speaks HTTP: on use
        OpaCompiler,
    )

    return OpaCompiler(
        said.opa.url,
        push=said.opa.push,
        token="" if said.opa.token is None else said.opa.token.get_secret_value(),
        timeout=said.opa.timeout,
    )


def terms(settings: Settings) -> Terms:
    """Return what the settings add to a question."""
    said, tools = settings.policies, settings.tools
    opened = dict.fromkeys(_host(one) for one in (*tools.http.allow, *tools.web.allow))
    return Terms(
        domains=said.domains,
        recipients=said.recipients,
        open=tuple(one for one in opened if one not in ("", "*")),
        zone=ZoneInfo(said.zone),
        least=settings.guardrails.least,
        roles={
            role: frozenset(subject(one) for one in people)
            for role, people in settings.approvals.roles.items()
        },
    )


def _host(pattern: str) -> str:
    """Return the host of what a tool may reach; which port it may take is the tool's to hold."""
    try:
        return urlsplit(f"//{pattern}").hostname or ""
    except ValueError:
        return ""


def built_in() -> Sources:
    """Return the built-in modules by their paths."""
    folder = library.folder() / FOLDER
    return {
        f"{_LIBRARY}/{FOLDER}/{path.name}": path.read_text("utf-8")
        for path in sorted(folder.glob("*.rego"))
    }
