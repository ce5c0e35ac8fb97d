"""The steps of a version in their order: what a run may come to, before it has."""

from collections.abc import Iterator

from kapell.core.runs import paths
from kapell.core.runs.program import Program
from kapell.core.workflows.version import Step, Version

_BESIDE = (paths.HANDLER, paths.UNDO)
"""Bodies that only a failure begins."""


def outline(version: Version, *, beside: bool = False) -> list[str]:
    """Return the address of every step; with ``beside`` those of handlers and compensations too."""
    return [address for address, _ in steps(version) if beside or not _is_beside(address)]


def steps(version: Version) -> Iterator[tuple[str, Step]]:
    """Yield every step with its address, outer ones before what they hold."""
    program = Program(version)

    def walk(body: int, scope: str) -> Iterator[tuple[str, Step]]:
        for step_id, place in program.bodies[body].places.items():
            address = paths.join(scope, step_id)
            yield address, place.step
            for suffix, number in place.inner.items():
                yield from walk(number, address if suffix == paths.PASS else f"{address}{suffix}")

    return walk(0, paths.ROOT)


def _is_beside(address: str) -> bool:
    return any(mark in address for mark in _BESIDE)
