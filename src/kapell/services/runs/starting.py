"""Beginning runs: the workflow compiled, the inputs bound, files kept, once per key."""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

import msgspec

from kapell.core.events.run import KeptAgent, Origin, RunQueued
from kapell.core.events.value import Packing
from kapell.core.gateway.routing.route import Routes, meant
from kapell.core.guardrails.labels import USER, WEB
from kapell.core.guardrails.standing import ProfileName, Standing
from kapell.core.limits.breaker import Breaker
from kapell.core.limits.rates import Asker
from kapell.core.pricing.budget import Budget
from kapell.core.pricing.foresight import RunForecast
from kapell.core.runs.changes import row_of
from kapell.core.runs.fold import begin
from kapell.core.runs.fold.guards import profiles_named
from kapell.core.workflows.inputs import bind, given_labels
from kapell.core.workflows.version import Version
from kapell.kit.clock import Clock
from kapell.kit.errors import Denied
from kapell.kit.ids import RunId, TenantId, VersionHash, sortable
from kapell.kit.json import Digest, Json, digest, encode
from kapell.services.limits.admission import Admission
from kapell.services.runs.durability import Durability
from kapell.services.runs.envelopes import enveloped
from kapell.services.runs.ports import ArtifactStore, NewRun, RunStarts, Started
from kapell.services.runs.versions import Versions
from kapell.services.workflows.workspace import Workspace


class InputFile(msgspec.Struct, frozen=True):
    """A file a run was given; ``strange`` says that it lies where strangers' things do."""

    name: str
    media: str
    body: bytes
    strange: bool = False


class InputFiles(Protocol):
    """Reads the files that runs are given; they may lie anywhere the user can read."""

    async def read(self, path: str) -> InputFile:
        """Return a file.

        Raises:
            Missing: ``file_missing``; Denied: ``file_unreadable``; Invalid: ``file_too_large``.
        """
        ...


class KnownModels(Protocol):
    """Knows which models there are."""

    def check(self, model: str) -> None:
        """Make sure that somebody serves a model.

        Raises:
            Missing: ``model_unknown``.
        """
        ...


class Foresight(Protocol):
    """Knows what runs usually cost."""

    async def of(self, workflow: str) -> RunForecast | None:
        """Return what the next run of a workflow will likely take; None when nothing is known."""
        ...


class LocalWorker(Protocol):
    """A worker of this process: a run that it begins is its own from the first moment."""

    def has_room(self, new: NewRun) -> bool:
        """Tell whether a new run may begin here at once."""
        ...

    async def begin(self, new: NewRun) -> Started:
        """Store a new run and go on with it."""
        ...


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who begins runs, and where: ``workspace`` is an absolute path, ``whence`` their machine."""

    tenant: TenantId
    actor: str
    workspace: str
    clock: Clock
    random: Callable[[], int]
    whence: str = ""

    def acting(self, asker: Asker | None, by: str = "") -> "Identity":
        """Return who acts where somebody asks for it, and from where.

        Whoever sits here and lets another one act by name (``by``) is told with the place.
        """
        whence = (asker.whence if asker is not None else "") or self.whence
        actor = by or (asker.user if asker is not None else "") or self.actor
        if by and by != self.actor:
            whence = f"{whence} {self.actor}".strip()
        return msgspec.structs.replace(self, actor=actor, whence=whence)

    @property
    def asker(self) -> Asker:
        """Return who asks when a person at this terminal does."""
        return Asker(tenant=self.tenant, user=self.actor)

    def new_id(self) -> str:
        """Return a fresh sortable id."""
        return sortable(self.clock.now(), self.random() << 64 | self.random())


class RunRules(Protocol):
    """Says whether a run may begin."""

    async def may_begin(
        self,
        tenant: str,
        subject: str,
        workflow: str,
        budgets: tuple[Budget | None, ...],
        model: str,
        profile: ProfileName,
    ) -> None:
        """Let a run begin, or say why not."""
        ...


class Starter:
    """Begins runs of a workspace's workflows."""

    def __init__(
        self,
        identity: Identity,
        workspace: Workspace,
        starts: RunStarts,
        artifacts: ArtifactStore,
        versions: Versions,
        files: InputFiles,
        routes: Routes,
        models: KnownModels,
        durability: Durability,
        foresight: Foresight,
        guards: Standing,
        admission: Admission,
        breaker: Breaker | None,
        rules: RunRules | None = None,
    ) -> None:
        self._identity = identity
        self._workspace = workspace
        self._starts = starts
        self._artifacts = artifacts
        self._versions = versions
        self._files = files
        self._routes = routes
        self._models = models
        self._durability = durability
        self._foresight = foresight
        self._guards = guards
        self._admission = admission
        self._rules = rules
        self._breaker = breaker
        self._worker: LocalWorker | None = None

    def employ(self, worker: LocalWorker) -> None:
        """Let runs begin with a worker of this process while it has room."""
        self._worker = worker

    async def start(
        self,
        workflow: str,
        given: Mapping[str, Json],
        *,
        model: str | None = None,
        budget: Budget | None = None,
        key: str = "",
        priority: int = 0,
        delay: float | None = None,
        guardrails: ProfileName | None = None,
        asker: Asker | None = None,
    ) -> Started:
        """Begin a run of a workflow, named or by its file; workers take it from there.

        Args:
            workflow: Name in the workspace, or path.
            given: Inputs as they were written; texts become the declared types.
            model: Used by every step in place of what the definitions say.
            budget: Lowers the workflow's own.
            key: The same key with the same request gives the same run.
            priority: Higher goes first.
            delay: Seconds until it may begin.
            guardrails: Profile of every step in place of what the definitions say.
            asker: Who asks for it; the person at this terminal when nobody is named.

        Raises:
            Limited: ``rate_limited``, with the seconds until there is room again.
            Denied: ``breaker_open`` when too many runs are held already.
            Missing, DefinitionInvalid: the workflow is not there, or wrong.
            Invalid: ``inputs_invalid``.
            Conflict: ``key_reused`` for a key that stands for something else;
                ``durability_too_low`` for tools that the store's durability does not allow.
        """
        await self._admission.begin(self._identity.tenant, asker or self._identity.asker)
        if model is not None:
            model = meant(model, self._routes)
            self._models.check(model)
        loaded = self._workspace.load_workflow(workflow)
        inputs, strange = await self._with_files(loaded.version, bind(loaded.version, given))
        return await self.start_version(
            loaded.version,
            loaded.hash,
            inputs,
            model=model,
            budget=budget,
            key=key,
            priority=priority,
            delay=delay,
            kept=loaded.kept,
            guardrails=guardrails,
            strange=strange,
            asker=asker,
        )

    async def start_version(
        self,
        version: Version,
        version_hash: VersionHash,
        inputs: Mapping[str, Json],
        *,
        model: str | None = None,
        budget: Budget | None = None,
        key: str = "",
        priority: int = 0,
        delay: float | None = None,
        origin: Origin | None = None,
        kept: tuple[KeptAgent, ...] = (),
        guardrails: ProfileName | None = None,
        strange: Collection[str] = (),
        asker: Asker | None = None,
    ) -> Started:
        """Begin a run of a compiled version with inputs bound already.

        ``strange`` names those that hold strangers' words, whoever gave them.
        """
        who = self._identity.acting(asker)
        await self._versions.save(who.tenant, version_hash, version)
        self._durability.check(await self._versions.program(who.tenant, version_hash))
        # Another model costs other money than those it is learnt from.
        forecast = None if model else await self._foresight.of(version.name)
        guards = self._standing(version, guardrails)
        await self._ruled(who, version, model, budget, guards)
        packing = Packing({})
        now = who.clock.now()
        due = None if delay is None else now + delay
        request = RunQueued(
            workflow=version.name,
            version=version_hash,
            inputs=packing.pack(dict(inputs)),
            origin=origin or Origin(),
            model=model,
            budget=budget,
            key=key,
            priority=priority,
            workspace=who.workspace,
            scheduled_for=due,
            kept=kept,
            forecast=forecast,
            guards=guards,
            breaker=self._breaker,
            labels=given_labels(version, inputs, {"": USER, **dict.fromkeys(strange, WEB)}),
            whence=who.whence,
        )
        run = new_run(who, request, packing.artifacts, now)
        fingerprint = digest(encode([version.name, dict(inputs), model]))
        run = msgspec.structs.replace(run, fingerprint=fingerprint, wake_at=due)
        if self._worker is not None and self._worker.has_room(run):
            return await self._worker.begin(run)
        (started,) = await self._starts.start([run])
        return started

    async def _ruled(
        self,
        who: Identity,
        version: Version,
        model: str | None,
        budget: Budget | None,
        guards: Standing,
    ) -> None:
        """Ask the rules whether a run may begin."""
        if self._rules is None:
            return
        budgets = (version.budget, budget)
        try:
            await self._rules.may_begin(
                who.tenant, who.actor, version.name, budgets, model or "", guards.profile
            )
        except Denied as error:
            await self._admission.refused(who.actor, who.whence, f"run {version.name}", error)
            raise

    def _standing(self, version: Version, asked: ProfileName | None) -> Standing:
        """Return the guards of a new run, with what its definitions say otherwise."""
        return msgspec.structs.replace(
            self._guards,
            profile=asked or self._guards.profile,
            fixed=asked is not None,
            steps=profiles_named(version),
        )

    async def _with_files(
        self, version: Version, inputs: dict[str, Json]
    ) -> tuple[dict[str, Json], set[str]]:
        """Return the inputs with every file kept as an artifact, and those strangers wrote."""
        kept, strange = dict(inputs), set[str]()
        blobs: dict[Digest, bytes] = {}
        for name, spec in (version.inputs or {}).items():
            path = kept.get(name)
            if spec.type != "file" or not isinstance(path, str):
                continue
            file = await self._files.read(path)
            key = digest(file.body)
            blobs[key] = file.body
            if file.strange:
                strange.add(name)
            kept[name] = {
                "artifact": key,
                "name": file.name,
                "size": len(file.body),
                "media": file.media,
            }
        if blobs:
            await self._artifacts.put(self._identity.tenant, blobs)
        return kept, strange


def new_run(
    who: Identity, request: RunQueued, artifacts: Mapping[Digest, bytes], now: float
) -> NewRun:
    """Return a run that begins with ``request``."""
    run_id = RunId(who.new_id())
    events = enveloped(
        [request],
        tenant_id=who.tenant,
        run_id=run_id,
        after=0,
        at=now,
        correlation_id=run_id,
        causation_id="start",
        actor=who.actor,
        nonce=run_id,
    )
    return NewRun(
        tenant_id=who.tenant,
        run_id=run_id,
        workflow=request.workflow,
        version=request.version,
        events=events,
        artifacts=artifacts,
        row=row_of(begin(events[0]), None),
        key=request.key,
        priority=request.priority,
    )
