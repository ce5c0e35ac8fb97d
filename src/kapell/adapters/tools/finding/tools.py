"""The tools ``file.list`` and ``file.search``."""

import os
from collections.abc import Iterator, Mapping

from kapell.adapters.tools.files.paths import open_file, parts_of
from kapell.adapters.tools.files.problems import translated
from kapell.adapters.tools.files.specs import FILE_LIST, FILE_SEARCH
from kapell.adapters.tools.files.tools import arguments
from kapell.adapters.tools.finding.walking import Found, found_files
from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.texts.patterns import Pattern
from kapell.adapters.tools.threads import Stop, in_thread
from kapell.kit.errors import KapellError
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult

_HEAD = 8192
_SHOWN = 300
_READ = 100_000_000


class FileList:
    """``file.list``: what there is to read."""

    spec = FILE_LIST

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return the files, in order."""
        args = arguments(call)
        return ToolResult(output=await in_thread(lambda stop: _listed(call, args, stop)))


class FileSearch:
    """``file.search``: lines that hold something."""

    spec = FILE_SEARCH

    def __init__(self, options: ToolOptions) -> None:
        self._limit = options.file_bytes

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return the lines, file by file; what is no text or too large is passed over."""
        args = arguments(call)
        return ToolResult(
            output=await in_thread(lambda stop: _searched(call, args, self._limit, stop))
        )


def _listed(call: ToolCall, args: Mapping[str, Json], stop: Stop) -> Json:
    limit = _whole(args.get("limit"), 500)
    files: list[Json] = []
    for found in _found(call, args, stop):
        if len(files) == limit:
            return {"files": files, "count": limit, "more": True}
        files.append({"path": found.path, "size": found.size, "where": found.where})
    return {"files": files, "count": len(files), "more": False}


def _searched(call: ToolCall, args: Mapping[str, Json], largest: int, stop: Stop) -> Json:
    limit, left = _whole(args.get("limit"), 100), _READ
    pattern = Pattern(
        str(args["find"]),
        ignore_case=args.get("ignore_case") is True,
        literal=args.get("regex") is not True,
    )
    matches: list[Json] = []
    searched = 0
    for found in _found(call, args, stop):
        text = _text(call, found, min(largest, left))
        if text is None:
            continue
        left -= found.size
        searched += 1
        for line, said in _lines(text, pattern, stop):
            if len(matches) == limit:
                return _told(matches, searched, more=True)
            matches.append({"path": found.path, "line": line, "text": said})
        if left <= 0:
            return _told(matches, searched, more=True)
    return _told(matches, searched, more=False)


def _lines(text: str, pattern: Pattern, stop: Stop) -> Iterator[tuple[int, str]]:
    """Yield number and beginning of each line that a match begins in, once."""
    at, line, last = 0, 1, 0
    for match in pattern.matches(text, stop):
        line += text.count("\n", at, match.start)
        at = match.start
        if line == last:
            continue
        last = line
        start = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        whole = text[start : end if end >= 0 else len(text)].rstrip("\r")
        shown = whole if len(whole) <= _SHOWN else whole[max(0, at - start - 100) :][:_SHOWN]
        yield line, shown


def _text(call: ToolCall, found: Found, largest: int) -> str | None:
    """Return a file's text, None when it is none, or larger than what is read."""
    if found.size > largest:
        return None
    root = call.folder if found.where == "run" else call.workspace
    try:
        descriptor = open_file(root, parts_of(found.path), found.path, visible_only=True)
        with os.fdopen(descriptor, "rb") as stream:
            data = stream.read(largest)
    except (OSError, KapellError):
        return None  # it went away or became something else meanwhile
    if b"\x00" in data[:_HEAD]:
        return None
    return data.decode("utf-8", "replace")


def _found(call: ToolCall, args: Mapping[str, Json], stop: Stop) -> Iterator[Found]:
    folder = str(args.get("folder") or ".")
    try:
        yield from found_files(call, folder, str(args.get("pattern") or ""), stop)
    except OSError as error:
        raise translated(error, folder) from error


def _told(matches: list[Json], searched: int, *, more: bool) -> Json:
    return {"matches": matches, "count": len(matches), "searched": searched, "more": more}


def _whole(value: Json, default: int) -> int:
    return value if isinstance(value, int) else default
