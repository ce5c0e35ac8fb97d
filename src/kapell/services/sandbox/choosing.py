"""Chooses who runs a program: by its language, by what it needs, and by what the settings say."""

import logging
import re
from collections.abc import Collection, Mapping, Sequence

from kapell.kit.errors import Denied, KapellError, Missing
from kapell.services.sandbox.ports import (
    Language,
    Outcome,
    Program,
    Readiness,
    Sandbox,
    SandboxLimits,
    Unfit,
)

log = logging.getLogger(__name__)

AUTO = "auto"
"""The choice that leaves it to the order: the lightest that can, first."""


class Sandboxes:
    """The sandboxes of this process.

    Args:
        sandboxes: Those there are, the lightest first.
        chosen: The one that each language has to run in, by name, where it is not left open.
        limits: What a program may use when it says nothing.
        packages: What a program may ask for.
    """

    def __init__(
        self,
        sandboxes: Sequence[Sandbox] = (),
        chosen: Mapping[Language, str] | None = None,
        limits: SandboxLimits | None = None,
        packages: Collection[str] = (),
    ) -> None:
        self.limits = limits or SandboxLimits()
        self._sandboxes = tuple(sandboxes)
        self._working: dict[str, Readiness] = {}
        self._packages = frozenset(map(_plain, packages))
        self._chosen = {language: name for language, name in (chosen or {}).items() if name != AUTO}

    async def readiness(self) -> Mapping[str, Readiness]:
        """Return which sandboxes work here, by name; each is tried out."""
        return {one.name: await one.readiness() for one in self._sandboxes}

    async def run(self, program: Program, *, label: str = "") -> Outcome:
        """Run a program in the first sandbox that can; ``label`` says in the log whose it is.

        Raises:
            Missing: ``sandbox_missing`` when none can.
            Denied: ``sandbox_package_denied``.
            KapellError: what the sandbox itself raises.
        """
        self._check(program)
        reasons = []
        second: Outcome | None = None
        for sandbox in self._fitting(program):
            ready = await self._looked_at(sandbox)
            if not ready.ok or program.language not in ready.languages:
                spoken = ready.detail if not ready.ok else f"no {program.language} there"
                reasons.append(f"{sandbox.name}: {spoken}")
                continue
            try:
                outcome = await sandbox.run(program)
            except Unfit as unfit:
                second = unfit.outcome
                continue
            except KapellError as error:
                log.warning("%s: %s in %s: %s", label, program.language, sandbox.name, error.code)
                raise
            _tell(label, program, outcome)
            return outcome
        if second is None:
            raise _none(program, reasons)
        _tell(label, program, second)
        return second

    async def _looked_at(self, sandbox: Sandbox) -> Readiness:
        """Return whether a sandbox works; one that did is not asked before every program."""
        ready = self._working.get(sandbox.name)
        if ready is None:
            ready = await sandbox.readiness()
            if ready.ok:
                self._working[sandbox.name] = ready
        return ready

    def _check(self, program: Program) -> None:
        for package in program.packages:
            if _plain(package) not in self._packages:
                raise Denied(
                    f"The program may not have the package {package!r}.",
                    code="sandbox_package_denied",
                    advice="Name it under tools.sandbox.packages in kapell.yaml, and install it: "
                    "nothing is downloaded for a program.",
                )

    async def close(self) -> None:
        """Let go of whatever the sandboxes keep ready."""
        for sandbox in self._sandboxes:
            await sandbox.close()

    def _fitting(self, program: Program) -> Sequence[Sandbox]:
        name = self._chosen.get(program.language)
        wanted = [one for one in self._sandboxes if name in (None, one.name)]
        return [one for one in wanted if one.takes(program)]


def _plain(package: str) -> str:
    """Return a name of a package as all its ways of writing have it."""
    return re.sub(r"[-_.]+", "-", package).lower()


def _tell(label: str, program: Program, outcome: Outcome) -> None:
    log.info(
        "%s: %s (%d bytes) in %s: exit %d after %.3f s, limit %s of %s",
        label,
        program.language,
        len(program.source),
        outcome.backend,
        outcome.exit,
        outcome.seconds,
        outcome.limit,
        program.limits,
    )


def _none(program: Program, reasons: Sequence[str]) -> Missing:
    why = "; ".join(reasons) or "none is set up that speaks it"
    return Missing(
        f"No sandbox here can run this {program.language}: {why}.",
        code="sandbox_missing",
        advice="`kapell doctor` says which sandboxes work here and what the others lack.",
    )
