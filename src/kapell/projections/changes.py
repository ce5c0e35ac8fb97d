"""What differs between two versions of a workflow, step by step."""

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from kapell.core.workflows.version import Version
from kapell.kit.json import Json, encode
from kapell.projections.outline import steps

Kind = Literal["added", "removed", "changed"]

_INNER = frozenset({"line", "body", "branches", "cases", "otherwise", "compensate", "on_error"})
"""Keys of a step that hold other steps, which are compared by themselves, or say nothing."""


class StepChange(msgspec.Struct, frozen=True):
    """One step that differs; ``keys`` are what of it was changed."""

    step: str
    kind: Kind
    keys: tuple[str, ...] = ()


class VersionChanges(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs between two versions; ``parts`` beside the steps."""

    steps: tuple[StepChange, ...] = ()
    parts: tuple[str, ...] = ()

    def of(self, step: str) -> StepChange | None:
        """Return the change of a step, None when it stayed as it was."""
        return next((one for one in self.steps if one.step == step), None)


def changes(old: Version, new: Version) -> VersionChanges:
    """Return what ``new`` has that ``old`` had not, and the other way round."""
    before, after = _steps(old), _steps(new)
    found = [StepChange(step, "removed") for step in before if step not in after]
    for step, parts in after.items():
        if step not in before:
            found.append(StepChange(step, "added"))
        elif parts != before[step]:
            keys = {*parts, *before[step]}
            differ = sorted(key for key in keys if parts.get(key) != before[step].get(key))
            found.append(StepChange(step, "changed", tuple(differ)))
    return VersionChanges(steps=tuple(found), parts=tuple(_parts(old, new)))


def _steps(version: Version) -> dict[str, Mapping[str, bytes]]:
    """Return every step of a version by its address, as the texts of its own parts."""
    return {address: dict(_own(msgspec.to_builtins(step))) for address, step in steps(version)}


def _own(step: Mapping[str, Json]) -> Iterator[tuple[str, bytes]]:
    for key, value in step.items():
        if key == "work" and isinstance(value, Mapping):
            yield from _own(value)
        elif key not in _INNER or (key == "on_error" and isinstance(value, str)):
            yield key, encode(value)


def _parts(old: Version, new: Version) -> Iterator[str]:
    for part in ("inputs", "outputs", "budget", "timeout", "on_failure"):
        if getattr(old, part) != getattr(new, part):
            yield part
    for name in sorted({*old.agents, *new.agents}):
        if old.agents.get(name) != new.agents.get(name):
            yield f"agent {name}"
