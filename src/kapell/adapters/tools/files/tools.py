"""The tools ``file.read``, ``file.write`` and ``file.delete``."""

from collections.abc import Mapping

from kapell.adapters.tools.files.paths import below, parts_of
from kapell.adapters.tools.files.problems import too_large, translated
from kapell.adapters.tools.files.sources import source_of
from kapell.adapters.tools.files.specs import FILE_DELETE, FILE_READ, FILE_WRITE
from kapell.adapters.tools.files.text import not_decodable, not_text, opened_text
from kapell.adapters.tools.files.writing import remove, write, written
from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.threads import in_thread
from kapell.core.events.tool import FileChange
from kapell.kit.errors import Invalid
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult


class FileRead:
    """``file.read``: the text of a file."""

    spec = FILE_READ

    def __init__(self, options: ToolOptions) -> None:
        self._limit = options.file_bytes

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return path, text and size."""
        args = arguments(call)
        text, name, size = await read_text(
            call, blob, args["path"], self._limit, args.get("encoding")
        )
        return ToolResult(output={"path": name, "text": text, "size": size})


class FileWrite:
    """``file.write``: a text file in the run's folder."""

    spec = FILE_WRITE

    def __init__(self, options: ToolOptions) -> None:
        self._limit = options.file_bytes

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Write it whole or not at all."""
        args = arguments(call)
        return await write_file(call, str(args["path"]), encoded(str(args["text"])), self._limit)


class FileDelete:
    """``file.delete``: the undo of ``file.write``, so that doing it twice is no error."""

    spec = FILE_DELETE

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Remove the file; ``deleted`` tells whether there was one."""
        given = str(arguments(call)["path"])
        parts = parts_of(_inside(call, given))
        try:
            deleted = await in_thread(lambda _: remove(call.folder, parts))
        except OSError as error:
            raise translated(error, given) from error
        path = "/".join(parts)
        changes = (FileChange(path, None),) if deleted or path in call.files else ()
        return ToolResult(output={"path": path, "deleted": deleted}, files=changes)


def arguments(call: ToolCall) -> Mapping[str, Json]:
    """Return the arguments, which the executor has held against an object's schema."""
    return call.args if isinstance(call.args, Mapping) else {}


def encoded(text: str) -> bytes:
    """Return the text as UTF-8.

    Raises:
        Invalid: ``value_not_json`` for half a surrogate pair.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Invalid(
            "The text holds half a character (a lone surrogate) and cannot be written.",
            code="value_not_json",
            advice="Remove it from the text.",
        ) from error


async def read_text(
    call: ToolCall, blob: FetchBlob, path: Json, limit: int, encoding: Json
) -> tuple[str, str, int]:
    """Return text, name and size in bytes of what ``path`` names."""
    source = await source_of(call, blob, path, limit, "tools.files.bytes")

    def read() -> str:
        try:
            with opened_text(source, str(encoding) if encoding else None) as stream:
                try:
                    text = stream.read()
                except UnicodeError as error:
                    raise not_decodable(source.name, stream.encoding) from error
        finally:
            source.close()
        if "\x00" in text:
            raise not_text(source.name, "it holds NUL characters")
        return text

    try:
        return await in_thread(lambda _: read()), source.name, source.size
    except OSError as error:
        raise translated(error, source.name) from error


async def write_file(
    call: ToolCall, path: str, data: bytes, limit: int, output: Mapping[str, Json] | None = None
) -> ToolResult:
    """Write bytes into the run's folder and return the result that says so.

    Raises:
        KapellError: Denied ``path_outside``, Invalid ``file_too_large``, ``disk_full`` and so on.
    """
    parts = parts_of(_inside(call, path))
    if len(data) > limit:
        raise too_large(path, len(data), limit, "tools.files.bytes")
    try:
        await in_thread(lambda _: write(call.folder, parts, data))
    except OSError as error:
        raise translated(error, path) from error
    return written(parts, data, {"path": "/".join(parts), "size": len(data), **(output or {})})


def _inside(call: ToolCall, path: str) -> str:
    """Return an absolute path below the run's folder as a relative one; others as they are."""
    return below(path, call.folder) or path
