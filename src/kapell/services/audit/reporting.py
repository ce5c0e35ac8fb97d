"""The report for an auditor, made of the record as it is now."""

from collections.abc import Callable

from kapell.core.audit.compliance.controls import Framework
from kapell.core.audit.compliance.report import FRAMEWORK, InForce, Period, Proof, Report, rows_of
from kapell.core.audit.compliance.tally import Tally
from kapell.kit.clock import Clock
from kapell.kit.ids import TenantId
from kapell.services.audit.ports import Wanted
from kapell.services.audit.verifying import Verifier


class Reporter:
    """Verifies the record and counts what it holds.

    Args:
        verifier: Reads the record.
        tenant: Whose record it is.
        clock: The time of the report.
        release: Returns the release of Kapell that writes it.
        framework: Returns the controls; asked when a report is made.
        in_force: Returns what holds now.
    """

    def __init__(
        self,
        verifier: Verifier,
        *,
        tenant: TenantId,
        clock: Clock,
        release: Callable[[], str],
        framework: Callable[[], Framework],
        in_force: Callable[[], InForce],
    ) -> None:
        self._verifier = verifier
        self._tenant = tenant
        self._clock = clock
        self._release = release
        self._framework = framework
        self._in_force = in_force

    async def report(self, period: Period) -> Report:
        """Return what the record shows of a time, and whether it is as it was written."""
        found = await self._verifier.verify()
        tally = Tally()
        async for entry in self._verifier.entries(Wanted(since=period.since)):
            if period.holds(entry.act.at):
                tally.take(entry)
        counted = tally.counted()
        return Report(
            framework=FRAMEWORK,
            release=self._release(),
            tenant=self._tenant,
            at=self._clock.now(),
            period=period,
            proof=Proof(
                head=f"{found.head.seq}:{found.head.hash}",
                verified=not found.faults,
                entries=found.entries,
                events=found.events,
                faults=found.faults,
            ),
            in_force=self._in_force(),
            counted=counted,
            controls=rows_of(self._framework(), counted.acts),
        )
