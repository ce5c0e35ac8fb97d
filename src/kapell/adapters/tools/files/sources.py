"""What a ``path`` argument means: a file of the run's folder, of the workspace, or a file input."""

import io
import os
from collections.abc import Mapping
from contextlib import closing
from difflib import get_close_matches
from typing import BinaryIO

from kapell.adapters.tools.files.paths import below, open_file, parts_of
from kapell.adapters.tools.files.problems import changed, missing, outside, too_large, translated
from kapell.adapters.tools.threads import in_thread
from kapell.kit.json import Digest, Json, digest
from kapell.services.tools.ports import FetchBlob, ToolCall

_NAMES_SEEN = 1000


class Source:
    """An open file or an artifact's bytes; close it."""

    def __init__(self, name: str, size: int, stream: BinaryIO) -> None:
        self.name = name
        self.size = size
        self.stream = stream

    @property
    def ending(self) -> str:
        """Return the end of the name in small letters, such as ``.csv``."""
        return os.path.splitext(self.name)[1].lower()

    def close(self) -> None:
        """Let the file go."""
        self.stream.close()


async def source_of(
    call: ToolCall, blob: FetchBlob, path: Json, limit: int, setting: str
) -> Source:
    """Return what ``path`` names, open, without having read more than its size.

    A file that a gate has looked at is what it was then, byte for byte: it is read whole, compared,
    and given on from memory, so that nobody exchanges it in between.

    Raises:
        KapellError: Denied ``path_outside``, ``path_hidden``; Missing ``file_missing``; Invalid
            ``file_too_large``, naming ``setting``; Conflict ``file_changed``; what the system or
            the artifact store says.
    """
    if isinstance(path, Mapping):
        return await _artifact(path, blob, limit, setting)
    text = str(path)
    source = await in_thread(lambda _: _opened(call, text), Source.close)
    if source.size > limit:
        source.close()
        raise too_large(text, source.size, limit, setting)
    seen = call.seen.get(text)
    return source if seen is None else await in_thread(lambda _: _as_seen(source, seen))


def _as_seen(source: Source, seen: str) -> Source:
    """Return the file from memory, when it is what a gate has looked at."""
    try:
        data = source.stream.read(source.size + 1)
    except OSError as error:
        raise translated(error, source.name) from error
    finally:
        source.close()
    if digest(data) != seen:
        raise changed(source.name)
    return Source(source.name, len(data), io.BytesIO(data))


async def _artifact(value: Mapping[str, Json], blob: FetchBlob, limit: int, setting: str) -> Source:
    name = str(value.get("name") or "the file")
    size = value.get("size")
    if isinstance(size, int) and size > limit:
        raise too_large(name, size, limit, setting)
    data = await blob(Digest(str(value["artifact"])))
    if len(data) > limit:
        raise too_large(name, len(data), limit, setting)
    return Source(name, len(data), io.BytesIO(data))


def _opened(call: ToolCall, text: str) -> Source:
    """Open the file in the run's folder, else in the workspace."""
    for root, visible_only in ((call.folder, False), (call.workspace, True)):
        inner = below(text, root) if text.startswith("/") else text
        if inner is None or not root:
            continue
        try:
            descriptor = open_file(root, parts_of(inner), text, visible_only=visible_only)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise translated(error, text) from error
        stream = os.fdopen(descriptor, "rb")
        return Source(text, os.fstat(descriptor).st_size, stream)
    if text.startswith("/") and all(below(text, top) is None for top in _roots(call)):
        raise outside(text, "it is absolute")
    raise missing(text, _near(call, text))


def _roots(call: ToolCall) -> tuple[str, str]:
    return call.folder, call.workspace


def _near(call: ToolCall, text: str) -> str:
    """Return the visible name nearest to the one that is not there."""
    folder, _, name = text.rpartition("/")
    for root in _roots(call):
        try:
            with closing(os.scandir(os.path.join(root, folder))) as entries:
                seen = (entry.name for entry, _ in zip(entries, range(_NAMES_SEEN), strict=False))
                names = [found for found in seen if not found.startswith(".")]
        except OSError:
            continue
        if close := get_close_matches(name, names, 1):
            return f"{folder}/{close[0]}" if folder else close[0]
    return ""
