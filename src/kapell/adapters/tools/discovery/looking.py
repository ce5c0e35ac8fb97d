"""Looks through sources of tools: from what was kept where nothing changed, else in a child."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

import msgspec

from kapell.adapters.tools.discovery.keeping import Keeping
from kapell.adapters.tools.sources import Found, Request, Source, encoded
from kapell.kit.errors import Failure, KapellError, Unavailable
from kapell.kit.json import Json

PATIENCE = 120.0
"""Seconds a child may take for all it is asked; servers have shorter times of their own."""


def look_through(
    root: str,
    sources: Sequence[Source],
    web: Mapping[str, Json] | None = None,
    *,
    anew: bool = False,
) -> list[tuple[Source, Found]]:
    """Return each source with what it holds.

    Args:
        root: The workspace.
        sources: Where to look.
        web: What requests for descriptions of APIs may reach.
        anew: Whether to look again where nothing seems to have changed.
    """
    keeping = Keeping(root)
    found: dict[str, Found] = {}
    stale: list[Source] = []
    for source in sources:
        kept = None if anew else keeping.get(source, time.time())
        if kept is None:
            stale.append(source)
        else:
            found[source.shown] = kept
    if stale:
        keys = {source.shown: keeping.key(source) for source in stale}
        for source, fresh in zip(stale, _asked(root, stale, web or {}), strict=True):
            found[source.shown] = _or_kept(keeping, source, fresh)
            if fresh.failure is None:
                keeping.put(source, keys[source.shown], fresh, time.time())
        keeping.save()
    return [(source, found[source.shown]) for source in sources]


def _or_kept(keeping: Keeping, source: Source, fresh: Found) -> Found:
    """Return what was found, or what a server that is silent now said before."""
    if fresh.failure is None or source.kind == "python":
        return fresh
    old = keeping.last(source)
    if old is None:
        return fresh
    note = f"{fresh.failure.message} What it said before is used."
    return msgspec.structs.replace(old, notes=(*old.notes, note))


def _asked(root: str, sources: Sequence[Source], web: Mapping[str, Json]) -> list[Found]:
    request = Request(root=root, path=tuple(sys.path), sources=tuple(sources), web=web)
    try:
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "kapell.adapters.tools.discovery"],
            input=encoded(request),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            cwd=root,
            check=False,
        )
        if ended.returncode == 0:
            return msgspec.json.decode(ended.stdout, type=list[Found])
        why = f"ended its process (exit code {ended.returncode})"
    except subprocess.TimeoutExpired:
        why = f"did not end within {PATIENCE:g} s"
    except msgspec.DecodeError:
        why = "wrote what nobody can read"
    if len(sources) > 1:
        # One of them did it: each is asked alone, so that the others are known all the same.
        return [_asked(root, [source], web)[0] for source in sources]
    return [_broken(sources[0], why)]


def _broken(source: Source, why: str) -> Found:
    error: KapellError = Unavailable(
        f"Looking through {source.shown} {why}.",
        code="tool_source_broken",
        advice="What is imported must only define things: let the tools do the work when called.",
    )
    return Found(failure=Failure.of(error))
