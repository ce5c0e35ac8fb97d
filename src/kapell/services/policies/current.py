"""The policies that hold now: made ready once, anew as soon as a file changed."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from time import monotonic

import msgspec

from kapell.core.definitions.problems import DefinitionInvalid, Problem
from kapell.core.definitions.reading import decoded
from kapell.core.policies.builtin import OWN, READ
from kapell.core.policies.kinds import FOLDER, PACKAGES
from kapell.kit.errors import Denied, KapellError
from kapell.kit.json import digest, encode
from kapell.services.policies.ports import Compiler, GoodPolicies, Judge, PolicyFiles, Sources

log = logging.getLogger(__name__)

_ENDINGS = (".rego",)
_TESTS = "_test.rego"
"""How the names of files end that hold tests of policies, for other programs."""

FRESH = 0.25
"""Seconds for which the files are taken to be as they were: a change holds well within a second."""

PATIENCE = 2.0
"""Seconds a call waits for a change to be made ready; then it is judged as calls were before."""


class Version(msgspec.Struct, frozen=True):
    """Policies made ready: who judges by them, and the digest of all their files."""

    judge: Judge
    digest: str
    built_in: bool = False
    """Whether the built-in rules alone judge, by what they are known to look at."""

    def looks_at(self, part: str) -> bool:
        """Tell whether any rule looks at a part of documents, or is asked because of it."""
        reads = self.judge.reads
        return reads is None or part in reads or PACKAGES.get(part) in self.judge.packages


class CurrentPolicies:
    """Returns the policies that hold; a file that somebody is still editing changes nothing.

    Args:
        files: The files of the workspace.
        library: The built-in modules.
        compiler: Makes modules ready.
        good: Keeps the last good version, for this process and the next one.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        files: PolicyFiles,
        library: Sources,
        compiler: Compiler,
        good: GoodPolicies | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._files = files
        self._library = library
        self._compiler = compiler
        self._good = good
        self._clock = clock
        self._looked = float("-inf")
        self._seen: object = None
        self._version: Version | None = None
        self._lock = asyncio.Lock()
        self._renewing: asyncio.Task[None] | None = None
        self.problems: tuple[Problem, ...] = ()

    async def version(self) -> Version:
        """Return the version that holds.

        Raises:
            Denied: ``policy_broken`` when there is none: the files are wrong, and always were.
        """
        if self._version is not None and self._clock() - self._looked < FRESH:
            return self._version
        async with self._lock:
            if self._version is None or self._clock() - self._looked >= FRESH:
                await self._look()
        if self._version is None:
            raise _broken(self.problems)
        return self._version

    async def _look(self) -> None:
        await self._renewed(self._stamps())
        self._looked = self._clock()

    async def _renewed(self, seen: object) -> None:
        """Make changed files ready; who has a version to judge by does not wait for long."""
        task = self._renewing
        if task is not None and task.done():
            task = self._renewing = None
        if task is None:
            if seen == self._seen and self._version is not None:
                return
            task = self._renewing = asyncio.create_task(self._made_ready(seen))
        patience = None if self._version is None else PATIENCE
        await asyncio.wait({task}, timeout=patience)
        if task.done():
            self._renewing = None
            if not task.cancelled():
                task.result()
        else:
            log.warning("Changed policies are not ready yet: the ones before them hold until then.")

    async def _made_ready(self, seen: object) -> None:
        await self._renew()
        self._seen = seen

    def _stamps(self) -> object:
        names = self._files.names(FOLDER, _ENDINGS)
        return tuple((name, self._files.stamp(name)) for name in names)

    async def _renew(self) -> None:
        try:
            sources = read_sources(self._files)
            version = await self._made(sources)
        except DefinitionInvalid as error:
            self.problems = error.problems
            await self._fall_back(error)
            return
        self.problems = ()
        self._version = version
        if self._good is not None and (sources or self._good.last()):
            # None at all is a version too: rules that were taken away must not come back.
            self._good.keep(sources)

    async def _made(self, sources: Sources) -> Version:
        everything = {**self._library, **sources}
        judge = await self._compiler.compile(everything)
        alone = judge.packages <= OWN and judge.reads == READ
        return Version(judge, str(digest(encode(dict(sorted(everything.items()))))), alone)

    async def _fall_back(self, error: DefinitionInvalid) -> None:
        """Keep judging by the last good version, of this process or an earlier one."""
        if self._version is None and self._good is not None:
            last = self._good.last()
            if last is not None:
                try:
                    self._version = await self._made(last)
                except KapellError:
                    log.warning("The policies that were kept cannot be used any more.")
        if self._version is not None:
            log.warning(
                "The policies are broken, their last good version holds: %s "
                "`kapell policy lint` shows all of it.",
                error,
            )

    async def close(self) -> None:
        """Let go of who judges."""
        if self._renewing is not None:
            self._renewing.cancel()
            self._renewing = None
        self._version = None
        await self._compiler.close()


def policy_names(files: PolicyFiles, folder: str = FOLDER) -> tuple[str, ...]:
    """Return the paths of the modules in a folder, sorted; tests are none of them."""
    names = files.names(folder, _ENDINGS)
    return tuple(name for name in names if not name.endswith(_TESTS))


def read_sources(files: PolicyFiles) -> Mapping[str, str]:
    """Return the modules of a workspace by their paths.

    Raises:
        DefinitionInvalid: a file is no text.
        KapellError: a file cannot be read.
    """
    return {name: decoded(files.read(name), name) for name in policy_names(files)}


def _broken(problems: tuple[Problem, ...]) -> Denied:
    first = f" The first: {problems[0].place}: {problems[0].message}" if problems else ""
    return Denied(
        f"The policies of the workspace cannot be used, so nothing is allowed.{first}",
        code="policy_broken",
        advice="Run `kapell policy lint`, mend the files, and try again.",
    )
