"""Asks the policies that hold, and says what comes of it."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo

import msgspec

from kapell.core.guardrails.labels import untrusted
from kapell.core.guardrails.standing import ProfileName
from kapell.core.policies.answers import Fired, deciding, fired_in
from kapell.core.policies.asking.documents import (
    AllowPart,
    ApprovalDocument,
    BudgetDocument,
    Document,
    ModelDocument,
    TimePart,
    ToolDocument,
)
from kapell.core.policies.asking.times import time_part
from kapell.core.policies.judgement import Judgement, Ruling
from kapell.core.policies.kinds import DEFAULT, LISTS, PACKAGES, Kind
from kapell.core.policies.ruled import Ruled
from kapell.kit.clock import Clock
from kapell.kit.errors import Denied, KapellError
from kapell.services.policies.current import CurrentPolicies, Version

log = logging.getLogger(__name__)

_NOBODY = "no rule speaks of it"


class Terms(msgspec.Struct, frozen=True):
    """What the settings add to a question: the allow-lists, and the zone of its time.

    ``domains`` and ``recipients`` always hold once they name anything. ``open`` are hosts that the
    settings of tools name: they count as listed, and forbid nothing else. ``least`` is the mildest
    profile that is judged by, whichever a run asks for. ``roles`` says who has which role.
    """

    domains: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    zone: tzinfo = UTC
    least: ProfileName = "off"
    roles: Mapping[str, frozenset[str]] = {}

    @property
    def allow(self) -> AllowPart:
        """Return the lists as rules read them."""
        return AllowPart(domains=self.domains, recipients=self.recipients)

    @property
    def listed(self) -> AllowPart:
        """Return what places are held against: the lists, or else what tools may reach."""
        if self.domains or self.recipients:
            return self.allow
        return AllowPart(domains=self.open)


class Policies:
    """The policies of a workspace, as gates and services ask them.

    Args:
        current: The version that holds.
        terms: What the settings say.
        clock: The time of a question.
    """

    def __init__(self, current: CurrentPolicies, terms: Terms, clock: Clock) -> None:
        self.current = current
        self.terms = terms
        self._clock = clock
        self._now = TimePart()

    def now(self) -> TimePart:
        """Return the time as rules read it, which is by the second."""
        unix = int(self._clock.now())
        if unix != self._now.unix or not self._now.iso:
            self._now = time_part(unix, self.terms.zone)
        return self._now

    async def speaks_of(self, kind: Kind) -> bool:
        """Tell whether the workspace has rules about a kind of question."""
        return PACKAGES[kind] in (await self.current.version()).judge.packages

    async def tool(self, document: ToolDocument, version: Version | None = None) -> Ruled:
        """Judge a call of a tool.

        Args:
            document: The question.
            version: Who judges, where the question was made for them; else who judges now.

        Raises:
            Denied: ``policy_broken``, ``policy_failed``: nobody could judge.
        """
        packages = []
        if document.tool.outside:
            packages.append(PACKAGES["external"])
        if document.data.paths or document.data.tables:
            packages.append(PACKAGES["data"])
        if self.terms.domains or self.terms.recipients:
            packages.append(LISTS)
        strangers = not document.labels.accepted
        return await self._ruled(document, *packages, untrusted=strangers, version=version)

    async def model(self, document: ModelDocument) -> Ruled:
        """Judge a call of a model. Raises as ``tool``."""
        strangers = untrusted(document.labels.origins)
        return await self._ruled(document, untrusted=strangers)

    async def budget(self, document: BudgetDocument) -> Ruled:
        """Judge a run that is about to begin. Raises as ``tool``."""
        return await self._ruled(document)

    async def may_answer(self, document: ApprovalDocument) -> Ruled:
        """Judge an answer that somebody is about to give to an approval. Raises as ``tool``."""
        return await self._ruled(document)

    async def _ruled(
        self,
        document: Document,
        *more: str,
        untrusted: bool = False,
        version: Version | None = None,
    ) -> Ruled:
        if version is None:
            version = await self.current.version()
        about = document.kind
        try:
            return await _asked(version, document, (PACKAGES[about], *more), untrusted)
        except KapellError as error:
            log.warning("A policy failed, so the %s is denied: %s", about, error.code)
            raise _failed(about, error) from error
        except Exception as error:
            log.exception("A policy broke, so the %s is denied", about)
            raise _failed(about, error) from error


async def _asked(
    version: Version, document: Document, packages: Sequence[str], untrusted: bool
) -> Ruled:
    judge = version.judge
    wanted = [one for one in packages if one in judge.packages]
    fired = await _fired(version, wanted, document) if wanted else []
    if isinstance(document, ToolDocument):
        fired = [one for one in fired if not _is_void(one, document)]
    decided = deciding(fired, untrusted=untrusted)
    if decided is None and DEFAULT in judge.packages:
        wanted.append(DEFAULT)
        own = await _fired(version, [DEFAULT], document)
        fired += own
        decided = deciding(own, untrusted=untrusted)
    ruling: Ruling = "deny" if decided is None else decided.ruling
    judgement = Judgement(
        about=_about(document.kind, decided),
        ruling=ruling,
        rule="" if decided is None else decided.name,
        reason=_NOBODY if decided is None else decided.answer.reason,
        version=version.digest,
    )
    return Ruled(judgement, tuple(wanted), tuple(fired), decided)


async def _fired(version: Version, packages: Sequence[str], document: Document) -> list[Fired]:
    found = await version.judge.evaluate(packages, document)
    return [one for package in packages for one in fired_in(package, found.get(package, {}))]


def _is_void(one: Fired, document: ToolDocument) -> bool:
    """Tell whether a rule about data would allow more than the look at data."""
    return one.ruling == "allow" and document.tool.outside and one.name.startswith("kapell.data.")


def _about(kind: str, decided: Fired | None) -> str:
    """Return the kind of question that was decided: that of the deciding rule's package."""
    package = "" if decided is None else decided.name.split(".")[1]
    return package if package in ("external", "data") else kind


def _failed(about: str, error: Exception) -> Denied:
    why = error.message if isinstance(error, KapellError) else "it broke"
    return Denied(
        f"No policy could judge this {about}, so it is not allowed: {why}",
        code="policy_failed",
        advice="Run `kapell policy lint` and `kapell policy explain`, and mend the rule.",
    )
