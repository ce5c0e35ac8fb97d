"""The one tree of errors.

    KapellError
    ├── Invalid      what was given cannot be used; repeating it changes nothing
    ├── Denied       a rule, a key or a budget forbids it
    ├── Missing      the thing named does not exist
    ├── Conflict     it collides with what is already there
    ├── Limited      too much or too fast; later it may work
    ├── Unavailable  something outside does not answer; later it may work
    └── Bug          we broke a promise of our own

Every error has a stable ``code`` that programs may match, a ``kind``, says whether trying again
can help, and carries advice: one sentence that tells the user what to do. Anyone may import this
module.
"""

from enum import StrEnum
from typing import Any, ClassVar

import msgspec


class Kind(StrEnum):
    """What sort of failure it is; the edges map it to exit codes and HTTP statuses."""

    INVALID = "invalid"
    DENIED = "denied"
    MISSING = "missing"
    CONFLICT = "conflict"
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"
    BUG = "bug"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where in an authored file something is wrong; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """Return ``file:line:column``, the form editors and terminals link."""
        return f"{self.file}:{self.line}:{self.column}"


class Flaw(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing wrong in what was given, as data: whoever gave it can mend it without parsing text.

    ``at`` is where: names and positions joined by dots, empty for the whole. ``rule`` is what is
    broken: ``missing``, ``unknown``, ``type``, ``range``, ``length``, ``choice``, ``pattern``,
    ``path``, ``size`` or ``other``. ``expected`` is the part of a JSON Schema that it has to fit,
    ``nearest`` a known name that may have been meant.
    """

    at: str
    rule: str
    message: str
    expected: dict[str, Any] | None = None  # JSON; its own module imports this one
    nearest: str = ""


class KapellError(Exception):
    """An expected failure with a code, a kind and advice.

    Args:
        message: What is wrong, one sentence, without secrets.
        code: Stable name of this failure; the class gives the default.
        advice: One sentence saying what the user can do about it.
        place: Where in an authored file it was found.
        retry_after: Seconds the other side asked us to wait, when it did.
        flaws: Everything wrong in what was given, where that is known part by part.

    Attributes:
        strange: Whether its message may hold words of strangers, such as a line of their file.
    """

    kind: ClassVar[Kind] = Kind.BUG
    default_code: ClassVar[str] = "bug"
    retryable: ClassVar[bool] = False
    default_advice: ClassVar[str] = ""

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        advice: str = "",
        place: Place | None = None,
        retry_after: float | None = None,
        flaws: tuple[Flaw, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.advice = advice or self.default_advice
        self.place = place
        self.retry_after = retry_after
        self.flaws = flaws
        self.strange = False

    @staticmethod
    def from_failure(failure: "Failure") -> "KapellError":
        """Return the error that a failure recorded."""
        error = _BY_KIND[failure.kind](
            failure.message,
            code=failure.code,
            advice=failure.advice,
            retry_after=failure.retry_after,
            flaws=failure.flaws,
        )
        return error

    def __str__(self) -> str:
        """Return place, message, code and advice in one readable text."""
        where = f"{self.place}: " if self.place else ""
        advice = f" {self.advice}" if self.advice else ""
        return f"{where}{self.message} [{self.code}]{advice}"


class Invalid(KapellError):
    """What was given cannot be used."""

    kind = Kind.INVALID
    default_code = "invalid"


class Denied(KapellError):
    """A rule, a key or a budget forbids it."""

    kind = Kind.DENIED
    default_code = "denied"


class Missing(KapellError):
    """The thing named does not exist."""

    kind = Kind.MISSING
    default_code = "missing"


class Conflict(KapellError):
    """It collides with what is already there."""

    kind = Kind.CONFLICT
    default_code = "conflict"


class Limited(KapellError):
    """Too much or too fast; later it may work."""

    kind = Kind.LIMITED
    default_code = "limited"
    retryable = True


class Unavailable(KapellError):
    """Something outside does not answer; later it may work."""

    kind = Kind.UNAVAILABLE
    default_code = "unavailable"
    retryable = True


class Bug(KapellError):
    """We broke a promise of our own."""

    kind = Kind.BUG
    default_code = "bug"
    default_advice = "This is a mistake of Kapell's own: report it with what --debug shows."


_BY_KIND: dict[Kind, type[KapellError]] = {
    kind.kind: kind for kind in (Invalid, Denied, Missing, Conflict, Limited, Unavailable, Bug)
}


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error as data: what events, dead letters and ``steps.x.error`` carry.

    ``step`` is the path of the step run that failed first.
    """

    code: str
    message: str
    kind: Kind = Kind.BUG
    retryable: bool = False
    advice: str = ""
    step: str = ""
    retry_after: float | None = None
    flaws: tuple[Flaw, ...] = ()

    @classmethod
    def of(cls, error: KapellError, step: str = "") -> "Failure":
        """Return the error as data, blamed on ``step``.

        What strangers say in it (a tool, a provider, a file's name) becomes text that can be kept.
        """
        return cls(
            code=error.code,
            message=_storable(error.message),
            kind=error.kind,
            retryable=error.retryable,
            advice=_storable(error.advice),
            step=step,
            retry_after=error.retry_after,
            flaws=tuple(
                msgspec.structs.replace(
                    flaw, at=_storable(flaw.at), message=_storable(flaw.message)
                )
                for flaw in error.flaws
            ),
        )


def _storable(text: str) -> str:
    """Return the text without NULs and halves of surrogate pairs, which no store keeps."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
