"""The whole program, opened: a workspace, its store, its doors, and what acts through them."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cached_property, partial
from pathlib import Path

from kapell.adapters.db.store import Store, open_store
from kapell.adapters.system.clock import SystemClock, random_bits
from kapell.adapters.system.solitary import SolitaryProcess
from kapell.adapters.tools.files.folder import LocalRunFolder
from kapell.adapters.tools.files.looking import CallFiles
from kapell.adapters.tools.files.strangers import StrangersFiles
from kapell.adapters.tools.registry import builtin_tools
from kapell.adapters.tools.runtimes.registry import runtimes
from kapell.adapters.tools.runtimes.specs import RUNTIME_SPECS
from kapell.adapters.tools.secrets import EnvironmentSecrets
from kapell.adapters.tools.specs import SPECS
from kapell.adapters.workspace.files import WorkspaceFolder
from kapell.adapters.workspace.good import GoodAgentFiles
from kapell.adapters.workspace.inputs import LocalInputFiles
from kapell.bootstrap.audit.making import Audit, make_audit
from kapell.bootstrap.catalogue import catalogue_of
from kapell.bootstrap.definitions import STATE as STATE
from kapell.bootstrap.definitions import library_files
from kapell.bootstrap.guarding.approvals import argument_check, foresight
from kapell.bootstrap.guarding.content import make_content
from kapell.bootstrap.guarding.gates import make_gates, standing
from kapell.bootstrap.guarding.limits import (
    breaker_of,
    habits,
    make_escalations,
    make_limits,
    make_outcomes,
)
from kapell.bootstrap.guarding.notices import make_notices
from kapell.bootstrap.guarding.policies import make_policies
from kapell.bootstrap.keeping import KeyFinder, make_vault
from kapell.bootstrap.own_tools import OwnTools
from kapell.bootstrap.routing import make_gateway, make_router, make_selector, price_list
from kapell.bootstrap.sandboxes import sandboxes
from kapell.bootstrap.tooling import tool_options
from kapell.core.runs.status import TERMINAL, RunStatus
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import KapellError
from kapell.kit.ids import LOCAL, RunId, TenantId, WorkerId
from kapell.services.approvals.desk import Approvals
from kapell.services.audit.refusals import Refusals
from kapell.services.policies.admission import PolicyAdmission
from kapell.services.policies.answering import PolicyAnswers
from kapell.services.policies.limits import PolicyLimits
from kapell.services.pricing.foreseeing import MOST, RunForesight
from kapell.services.runs.advancing.desk import Desk
from kapell.services.runs.advancing.effects import Effects
from kapell.services.runs.advancing.quotes import Quotes
from kapell.services.runs.advancing.worker import Limits, Worker
from kapell.services.runs.deltas import Deltas
from kapell.services.runs.durability import Durability
from kapell.services.runs.escalating import Resolver
from kapell.services.runs.forking import Forker
from kapell.services.runs.porting import Porter
from kapell.services.runs.ports import RunReader, RunSummary
from kapell.services.runs.reading import Histories
from kapell.services.runs.resting import goes_on, rests
from kapell.services.runs.starting import Identity, RunRules, Starter
from kapell.services.runs.telling import Teller
from kapell.services.runs.versions import Versions
from kapell.services.tools.executor import ToolExecutor
from kapell.services.tools.ports import Tool
from kapell.services.vault.vault import Vault
from kapell.services.workflows.workspace import Workspace
from kapell.settings.loading import Settings, load_settings

log = logging.getLogger(__name__)

FRESH = 0.25
"""Seconds for which a compiled workflow is used again without a look at its files."""

LOOK_EVERY = 0.5
"""Seconds between looks at a run that another process may be carrying."""


class App:
    """A workspace and its store, ready to be used; made by ``open_app``."""

    def __init__(
        self,
        root: Path,
        current: Path,
        settings: Settings,
        store: Store,
        *,
        actor: str,
        extra_tools: Mapping[str, Tool],
    ) -> None:
        self.root = root
        self.settings = settings
        self.store = store
        self.tenant: TenantId = LOCAL
        self._worked = False
        self.clock = SystemClock()
        self.reader: RunReader = store.reader
        self.deltas = Deltas()
        self.limits = make_limits(settings, store, self.clock)
        self.escalations = make_escalations(settings, self.limits.breaker, root)
        self.outcomes = make_outcomes(settings, self.limits.agents, root)
        self.notices = make_notices(settings, root)
        self.folders = LocalRunFolder()
        files = CallFiles(self.folders, store.artifacts)
        finder = KeyFinder(lambda: self.vault, asyncio.get_running_loop())
        self.content = make_content(root, settings, store, files, finder)
        self.policies = make_policies(root, settings, self.clock)
        self.gates = make_gates(
            self.limits, self.content, self.policies, settings.guardrails, files
        )
        specs = self._equip(extra_tools)
        self.workspace = Workspace(
            WorkspaceFolder(root, current),
            settings.definitions,
            specs,
            library_files(),
            FRESH,
            GoodAgentFiles(root / STATE),
        )
        self.prices = price_list(settings, self.clock)
        router = make_router(settings, store, self.tenant, self.prices, self.clock)
        self.selector = make_selector(settings, router)
        flags = settings.guardrails.flags
        rules = PolicyLimits(self.policies) if flags.policies and flags.limits else None
        counts = self.limits.counts
        watch = habits(settings.limits.cost, counts, self.clock)
        self.gateway = make_gateway(
            root, settings, store, counts, self.prices, router, finder, self.gates, rules, watch
        )
        self._serve(current, actor, specs)

    def _equip(self, extra_tools: Mapping[str, Tool]) -> Mapping[str, ToolSpec]:
        """Open the door to tools; return what they say of themselves."""
        root, settings, store = self.root, self.settings, self.store
        self.sandboxes = sandboxes(settings)
        listed = settings.policies.domains if settings.guardrails.flags.policies else ()
        options = tool_options(settings.tools, listed)
        self.strangers = StrangersFiles(settings.guardrails.untrusted)
        builtin = builtin_tools(options, self.sandboxes)
        self.catalogue = catalogue_of(root, settings.tools.model_dump(), (*builtin, *RUNTIME_SPECS))
        self.own_tools = OwnTools(self.catalogue, root, options)
        self.tools = {**builtin, **self.own_tools.tools, **extra_tools}
        self.door = ToolExecutor(
            {**self.tools, **runtimes()},
            store.artifacts,
            self.folders,
            secrets=EnvironmentSecrets(os.environ),
            gates=self.gates.tools,
            strangers=self.strangers,
        )
        return {
            **SPECS,
            **self.catalogue.specs,
            **{name: tool.spec for name, tool in extra_tools.items()},
        }

    def _serve(self, current: Path, actor: str, specs: Mapping[str, ToolSpec]) -> None:
        """Make what acts on runs."""
        root, settings, store = self.root, self.settings, self.store
        self.versions = Versions(store.starts)
        self.identity = Identity(
            tenant=self.tenant,
            actor=actor,
            workspace=str(root),
            clock=self.clock,
            random=random_bits,
            whence=f"host:{socket.gethostname()}",
        )
        self.refusals = Refusals(self.audit.auditor, self.clock)
        self.limits.admission.told_to(self.refusals)
        self.outcomes.told_to(self.audit.auditor)
        rules = PolicyAdmission(self.policies) if settings.guardrails.flags.policies else None
        self.starter = self._starter(current, specs, rules)
        self.histories = Histories(self.tenant, store.reader, store.artifacts, self.versions)
        self.teller = Teller(
            self.identity, store.starts, store.reader, self.histories, self.limits.admission
        )
        self.approvals = Approvals(
            self.identity,
            store.starts,
            store.reader,
            self.histories,
            argument_check(specs, str(root)),
            foresight(str(root)),
            settings.approvals.roles,
            self.limits.admission,
            PolicyAnswers(self.policies) if settings.guardrails.flags.policies else None,
        )
        self.resolver = Resolver(self.identity, store.starts, store.reader, self.limits.admission)
        self.forker = Forker(
            self.identity,
            store.starts,
            store.reader,
            self.histories,
            self.teller,
            self.limits.admission,
            rules,
        )
        self.porter = Porter(
            self.tenant,
            self.identity.workspace,
            store.starts,
            store.reader,
            store.artifacts,
            self.histories,
            self.versions,
            breaker_of(settings),
            actor,
        )

    def _starter(
        self, current: Path, specs: Mapping[str, ToolSpec], rules: RunRules | None
    ) -> Starter:
        """Return what begins runs."""
        root, settings, store = self.root, self.settings, self.store
        files = LocalInputFiles(
            (current, root),
            settings.tools.tables.bytes,
            lambda path: self.strangers.left(path, str(root)),
        )
        return Starter(
            self.identity,
            self.workspace,
            store.starts,
            store.artifacts,
            self.versions,
            files,
            settings.definitions.routes,
            self.gateway,
            Durability(_is_full(settings), {**specs, **RUNTIME_SPECS}),
            RunForesight(self._ended_well, self.clock),
            standing(settings.guardrails),
            self.limits.admission,
            breaker_of(settings),
            rules,
        )

    async def _ended_well(self) -> Sequence[RunSummary]:
        """Return the last runs that ended well; a fork's cost is not that of a whole run."""
        found = await self.reader.runs(self.tenant, status=RunStatus.SUCCEEDED, limit=MOST)
        return [run for run in found if not run.forked_from]

    @cached_property
    def vault(self) -> Vault:
        """Return the vault; its master key is read when it is first needed.

        Raises:
            Invalid, Denied: the master key is wrong, or open to others.
        """
        actor, witness = self.identity.actor, self.audit.auditor.key_used
        return make_vault(self.root, self.settings, self.store, self.tenant, actor, witness)

    @cached_property
    def audit(self) -> Audit:
        """Return the audit record; nothing is read before it is needed."""
        return make_audit(self.root, self.settings, self.store, self.identity)

    def worker(self, concurrency: int | None = None) -> Worker:
        """Return a worker of this process; ``concurrency`` is how many runs it owns at once."""
        settings = self.settings.worker
        name = WorkerId(f"{socket.gethostname()}-{os.getpid()}-{random_bits() & 0xFFFFFF:06x}")
        limits = Limits(
            runs=concurrency or settings.concurrency,
            caps=settings.workflows,
            lease=settings.lease,
            drain=settings.drain,
        )
        solitary = SolitaryProcess(str(self.root), name)
        self._worked = True
        chore = self.audit.auditor.chore
        worker = Worker(self.desk(name), self.store.doorbell, limits, solitary, chore)
        self.starter.employ(worker)
        return worker

    async def finish_record(self) -> None:
        """Put on record what was worked on here; what fails is made up for by who comes next."""
        await self.refusals.settle()
        if self._worked:
            try:
                await self.audit.auditor.chore(busy=False)
            except KapellError as error:
                log.warning("the audit record is not up to date: %s", error)

    def desk(self, worker: WorkerId) -> Desk:
        """Return what the runs of a worker share."""
        return Desk(
            worker=worker,
            log=self.store.log,
            starts=self.store.starts,
            artifacts=self.store.artifacts,
            results=self.store.results,
            versions=self.versions,
            effects=Effects(
                self.gateway,
                self.door,
                self.store.artifacts,
                self.deltas,
                self.settings.worker.effects,
            ),
            quotes=Quotes(self.prices, partial(self.reader.habits, self.tenant), self.clock),
            clock=self.clock,
            random=random_bits,
            observers=[
                self.escalations.observe,
                self.outcomes.observe,
                self.notices.observe,
            ],
        )

    async def run_until_idle(self, run: RunId, worker: Worker | None = None) -> None:
        """Work in this process until a run has ended or waits for somebody.

        Raises:
            KapellError: why the run could not be advanced.
        """
        working = worker or self.worker()
        stop = asyncio.Event()
        with working.watch(run, stop):
            summary = await self.reader.run(self.tenant, run)
            if summary.status in TERMINAL and summary.wake_at is None:
                return
            if summary.status is RunStatus.WAITING:
                # Somebody may have answered already; and if not, its owner says so at once.
                await self.teller.resume(run)
            looking = asyncio.create_task(self._look(run, stop))
            try:
                await working.run(stop)
            finally:
                looking.cancel()
        working.raise_failure(run)
        if await goes_on(self.reader, self.tenant, run, self.clock.now()):
            await self.run_until_idle(run, worker)

    async def _look(self, run: RunId, stop: asyncio.Event) -> None:
        """Set ``stop`` when the run rests although another worker carries it."""
        while not stop.is_set():
            await asyncio.sleep(LOOK_EVERY)
            with suppress(KapellError):
                if await rests(self.reader, self.tenant, run, self.clock.now()):
                    stop.set()


@asynccontextmanager
async def open_app(
    workspace: Path,
    settings: Settings | None = None,
    *,
    current: Path | None = None,
    actor: str = "user:local",
    extra_tools: Mapping[str, Tool] | None = None,
) -> AsyncIterator[App]:
    """Open a workspace with its store; everything is closed again at the end.

    Args:
        workspace: The folder of definitions.
        settings: Used in place of those of the workspace.
        current: The folder from which a person's relative paths count.
        actor: Who acts, as events say it.
        extra_tools: Tools beside the built-in ones, by name.

    Raises:
        DefinitionInvalid, Invalid: the settings are wrong.
        Unavailable, Conflict: the store cannot be used.
    """
    root = _absolute(workspace)
    known = settings or load_settings(root)
    store = _store(root, known)
    await store.open()
    app = App(root, current or root, known, store, actor=actor, extra_tools=extra_tools or {})
    try:
        await app.audit.auditor.begin()
        yield app
    finally:
        await app.own_tools.close()
        await app.sandboxes.close()
        await app.gateway.close()
        await app.escalations.close()
        await app.outcomes.close()
        await app.notices.close()
        await app.limits.close()
        await app.content.close()
        await app.policies.current.close()
        await app.finish_record()
        await store.close()


def _absolute(workspace: Path) -> Path:
    """Return the workspace as an absolute path, links as they are."""
    return Path(os.path.abspath(workspace))


def _store(root: Path, settings: Settings) -> Store:
    """Return the store, and make the folder it is in when that is the workspace's own."""
    url = settings.database.url
    if url == f"sqlite:///{root / STATE / 'kapell.db'}":
        # The store says better what is wrong with something that is no folder.
        with suppress(FileExistsError, NotADirectoryError):
            (root / STATE).mkdir(exist_ok=True)
    return open_store(url, durability=settings.database.durability)


def _is_full(settings: Settings) -> bool:
    database = settings.database
    return database.durability == "full" or not database.url.startswith("sqlite:")
