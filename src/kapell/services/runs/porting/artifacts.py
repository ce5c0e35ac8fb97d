"""Which artifacts a run needs: those its events refer to, and the files its values hold."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from kapell.core.events.envelope import Event
from kapell.core.events.tool import FileChange
from kapell.core.events.value import ArtifactRef, Inline
from kapell.core.workflows.values import is_kept_file
from kapell.kit.errors import Missing
from kapell.kit.json import Digest, Json, decode
from kapell.services.runs.reading import Histories


def parts(value: object) -> Iterator[msgspec.Struct]:
    """Yield every part of a payload; values that steps passed on may be anything."""
    if isinstance(value, msgspec.Struct):
        yield value
        if not isinstance(value, Inline):
            for name in value.__struct_fields__:
                yield from parts(getattr(value, name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from parts(item)


async def gathered(histories: Histories, events: Sequence[Event]) -> dict[Digest, bytes]:
    """Return the artifacts without which a run cannot go on elsewhere.

    Raises:
        Missing: ``artifact_unknown``.
    """
    large: set[Digest] = set()
    changed: set[Digest] = set()
    held: set[Digest] = set()
    for event in events:
        for part in parts(event.payload):
            if isinstance(part, ArtifactRef):
                large.add(part.digest)
            elif isinstance(part, FileChange) and part.digest is not None:
                changed.add(part.digest)
            elif isinstance(part, Inline):
                held.update(_files(part.value))
    found = await histories.blobs(sorted(large))
    for body in found.values():
        held.update(_files(decode(body)))
    found |= await histories.blobs(sorted(changed - found.keys()))
    for key in sorted(held - found.keys()):
        try:
            found |= await histories.blobs((key,))
        except Missing:
            # What only looks like a file is a value that a step made up: it needs nothing.
            continue
    return found


def _files(value: Json) -> Iterator[Digest]:
    """Yield the files inside a value."""
    if isinstance(value, Mapping):
        if is_kept_file(value):
            yield Digest(str(value["artifact"]))
        for item in value.values():
            yield from _files(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _files(item)
