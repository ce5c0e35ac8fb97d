"""Care for a workspace and its database, without opening the program: upgrade, backup, checks."""

import asyncio
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from kapell.adapters.db import maintenance
from kapell.adapters.db.maintenance import Finding as Finding  # what the checks yield
from kapell.bootstrap.definitions import open_definitions
from kapell.bootstrap.guarding.examining import examine_guards
from kapell.bootstrap.guarding.looking import look_through
from kapell.bootstrap.keeping import with_kept_keys
from kapell.bootstrap.routing import examine_routes
from kapell.bootstrap.sandboxes import examine_sandboxes
from kapell.core.gateway.providers import PROVIDERS
from kapell.core.gateway.routing.route import chosen, meant
from kapell.kit.errors import KapellError
from kapell.settings import FILE
from kapell.settings.loading import Settings, load_settings

ROOM = 200_000_000
"""Bytes that should be free where runs are kept."""


class ProviderState(msgspec.Struct, frozen=True, kw_only=True):
    """A provider of models as it is set up here; the key itself is never told."""

    prefix: str
    title: str
    key_names: tuple[str, ...]
    key_set: bool
    key_needed: bool
    base_url: str

    @property
    def ready(self) -> bool:
        """Tell whether it can be asked."""
        return bool(self.base_url) and (self.key_set or not self.key_needed)


async def upgrade(root: Path) -> str:
    """Bring the database to this release's schema; return where it is, without a password."""
    url = load_settings(root).database.url
    _make_folder(url)
    await maintenance.upgrade(url)
    return shown(url)


async def restore(root: Path, source: Path) -> None:
    """Bring a backup back into a database that holds nothing."""
    url = load_settings(root).database.url
    _make_folder(url)
    await maintenance.restore(url, source)


async def check(root: Path) -> tuple[Finding, ...]:
    """Look the database over."""
    return await maintenance.check(load_settings(root).database.url)


async def examine(root: Path) -> tuple[Finding, ...]:
    """Look every component over: Python, settings, definitions, database, disk, models, guards."""
    found = [*_python()]
    try:
        settings = load_settings(root)
    except KapellError as error:
        found.append(_broken("settings", error))
        return tuple(found)
    written = FILE if (root / FILE).exists() else f"no {FILE}, defaults"
    found.append(Finding(name="settings", ok=True, detail=written))
    found += _definitions(root)
    found += await asyncio.to_thread(_policies, root)
    found.append(_disk(settings))
    try:
        for one in await maintenance.check(settings.database.url):
            found.append(msgspec.structs.replace(one, name=f"database: {one.name}"))
    except KapellError as error:
        found.append(_broken(f"database {shown(settings.database.url)}", error))
    settings = await with_kept_keys(settings)
    found += _models(settings)
    found += await examine_sandboxes(settings)
    found += examine_routes(settings)
    found += await examine_guards(root, settings)
    return tuple(found)


def _policies(root: Path) -> list[Finding]:
    """Tell of the policies of the workspace, where there are any."""
    try:
        looked = look_through(root)
    except KapellError as error:
        return [_broken("policies", error)]
    told = [
        Finding(name="policies", ok=False, detail=f"{one.place}: {one.message}", advice=one.advice)
        for one in looked.problems
    ]
    if told or not (looked.names or looked.warnings):
        return told
    odd = [
        Finding(name="policies", ok=True, detail=f"{one.place}: {one.message} {one.advice}")
        for one in looked.warnings
    ]
    return [
        Finding(name="policies", ok=True, detail=", ".join(looked.names) or "none is read"),
        *odd,
    ]


def providers(root: Path) -> tuple[Settings, tuple[ProviderState, ...]]:
    """Return the settings and the providers of models as they are set up."""
    settings = asyncio.run(with_kept_keys(load_settings(root)))
    states = []
    for prefix, provider in PROVIDERS.items():
        own = settings.providers[prefix]
        states.append(
            ProviderState(
                prefix=prefix,
                title=provider.title,
                key_names=provider.key_names,
                key_set=own.api_key is not None,
                key_needed=provider.key_needed,
                base_url=own.base_url or provider.base_url,
            )
        )
    return settings, tuple(states)


def shown(url: str) -> str:
    """Return a database's address without its password."""
    head, sign, rest = url.partition("://")
    login, at, place = rest.rpartition("@")
    if not sign or not at:
        return url
    return f"{head}://{login.partition(':')[0]}@{place}"


def _make_folder(url: str) -> None:
    """Make the folder a SQLite file shall lie in."""
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)


def _broken(name: str, error: KapellError) -> Finding:
    where = f"{error.place}: " if error.place else ""
    return Finding(name=name, ok=False, detail=f"{where}{error.message}", advice=error.advice)


def _python() -> Iterator[Finding]:
    version = platform.python_version()
    yield Finding(
        name="Python",
        ok=sys.version_info >= (3, 11),
        detail=version,
        advice="Use Python 3.11 or newer.",
    )


def _definitions(root: Path) -> Iterator[Finding]:
    try:
        definitions = open_definitions(root)
        workflows = definitions.workspace.list_workflows()
        agents = definitions.workspace.list_agents()
    except KapellError as error:
        yield _broken("definitions", error)
        return
    for name, entries in (("workflows", workflows), ("agents", agents)):
        wrong = [one.path for one in entries if one.problems]
        yield Finding(
            name=name,
            ok=not wrong,
            detail=f"{len(entries)} found" + (f", wrong: {', '.join(wrong)}" if wrong else ""),
            advice="`kapell validate` says what is wrong with them." if wrong else "",
        )


def _disk(settings: Settings) -> Finding:
    url = settings.database.url
    if not url.startswith("sqlite:///"):
        return Finding(name="disk", ok=True, detail="runs are kept on a server")
    folder = Path(url.removeprefix("sqlite:///")).parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        return Finding(
            name="disk",
            ok=False,
            detail=f"{folder} may not be written",
            advice="Give the user write access, or name another database.",
        )
    return Finding(
        name="disk",
        ok=free >= ROOM,
        detail=f"{free / 1e9:.1f} GB free at {folder}",
        advice="" if free >= ROOM else "Free some space, or keep the database elsewhere.",
    )


def _models(settings: Settings) -> Iterator[Finding]:
    """Yield whether the models that the settings name can be asked; no call is made."""
    definitions = settings.definitions
    plain = [one for one in definitions.routes.values() if isinstance(one, str)]
    asked = (definitions.model or "offline", *filter(None, (definitions.judge,)))
    named = {*(meant(one, definitions.routes) for one in asked), *plain}
    for model in sorted(named - set(chosen(definitions.routes))):
        prefix = model.partition(":")[0]
        provider = PROVIDERS.get(prefix)
        if provider is None:
            known = prefix in ("offline", "scripted")
            yield Finding(
                name=f"model {model}",
                ok=known,
                detail="needs no key" if known else "no provider serves it",
                advice="" if known else "`kapell models list` shows the providers.",
            )
            continue
        own = settings.providers[prefix]
        ready = own.api_key is not None or not provider.key_needed
        installed = importlib.util.find_spec("pydantic_ai") is not None
        missing = f"Set {provider.key_names[0]} in the environment."
        yield Finding(
            name=f"model {model}",
            ok=ready and installed,
            detail="its key is set" if ready else "its key is not set",
            advice="" if ready else missing,
        )
