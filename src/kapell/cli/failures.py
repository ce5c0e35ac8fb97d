"""How errors are told: one clear block each, with code, place and advice."""

import errno
import traceback

from kapell.cli.exits import BY_KIND, Exit
from kapell.cli.screen import Screen
from kapell.core.definitions.problems import DefinitionInvalid, Problem
from kapell.core.workflows.inputs import InputsInvalid
from kapell.kit.errors import Bug, Denied, Invalid, KapellError, Missing, Place, Unavailable

_REPORT = "Run it again with --debug and report what it shows."


def hidden(text: str) -> str:
    """Return a text without secrets and personal data."""
    from kapell.core.audit import hiding  # noqa: PLC0415 - only errors pay for its patterns

    return hiding.hidden(text)


def told(error: BaseException) -> KapellError:
    """Return an error of our tree for whatever was raised."""
    if isinstance(error, KapellError):
        return error
    if isinstance(error, OSError):
        return _of_system(error)
    if isinstance(error, UnicodeEncodeError):
        return Invalid(
            "Something given holds bytes that are not UTF-8, or half of a surrogate pair.",
            code="text_refused",
            advice="Write names, references and values in UTF-8.",
        )
    if isinstance(error, MemoryError):
        return Unavailable(
            "There is not enough memory.", code="memory_full", advice="Give it less at a time."
        )
    said = str(error).splitlines()[0] if str(error) else ""
    colon = ": " if said else ""
    return Bug(
        f"Something happened that we did not expect: {type(error).__name__}{colon}{said}.",
        code="bug",
        advice=_REPORT,
    )


def _of_system(error: OSError) -> KapellError:
    where = f"`{error.filename}`" if error.filename else "A file"
    reason = error.strerror or type(error).__name__
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(
            "The disk is full.", code="disk_full", advice="Free some space and run it again."
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Denied(
            f"{where} may not be read or written: {reason}.",
            code="not_permitted",
            advice="Check who owns it and whether the disk is writable.",
        )
    if error.errno == errno.ENOENT:
        return Missing(f"There is no {where}.", code="file_missing", advice="Check the path.")
    return Invalid(
        f"{where} cannot be used: {reason}.",
        code="file_unusable",
        advice="Name a plain file in a folder that is there.",
    )


def parts_of(error: KapellError) -> tuple[Problem | KapellError, ...]:
    """Return everything an error tells, one by one."""
    if isinstance(error, DefinitionInvalid):
        return error.problems
    if isinstance(error, InputsInvalid):
        return error.errors
    return (error,)


def block(screen: Screen, one: Problem | KapellError, *, word: str = "error") -> str:
    """Return one problem as people read it."""
    color = "yellow" if word == "warning" else "red"
    head = screen.styled(f"{word}[{one.code}]", color, "bold", error=True)
    lines = [f"{head}: {hidden(one.message)}"]
    if one.place is not None:
        lines.append(f"  --> {one.place}")
    if one.advice:
        lines.append("\n".join(f"  {line}" for line in hidden(one.advice).splitlines()))
    return "\n".join(lines)


def document_of(error: KapellError) -> dict[str, object]:
    """Return an error as data."""
    return {
        "error": {
            "code": error.code,
            "kind": error.kind.value,
            "message": hidden(error.message),
            "advice": hidden(error.advice),
            "place": _place(error.place),
            "retryable": error.retryable,
            "retry_after": error.retry_after,
        },
        "problems": [problem_document(one) for one in parts_of(error)],
    }


def problem_document(one: Problem | KapellError) -> dict[str, object]:
    """Return one problem as data."""
    return {
        "code": one.code,
        "message": hidden(one.message),
        "advice": hidden(one.advice),
        "place": _place(one.place),
    }


def _place(place: Place | None) -> dict[str, object] | None:
    if place is None:
        return None
    return {"file": place.file, "line": place.line, "column": place.column}


def tell(screen: Screen, error: BaseException, *, as_json: bool, debug: bool) -> Exit:
    """Write what went wrong and return the exit code that says the same."""
    known = told(error)
    if debug:
        screen.complain(hidden("".join(traceback.format_exception(error)).rstrip()))
    if as_json:
        screen.document(document_of(known))
    else:
        blocks = [block(screen, one) for one in parts_of(known)]
        screen.complain("\n".join(blocks))
        if len(blocks) > 1:
            screen.complain(f"{len(blocks)} errors")
    return BY_KIND[known.kind.value]
