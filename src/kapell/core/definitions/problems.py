"""What is wrong with authored files, collected so that all of it is told at once."""

import msgspec

from kapell.kit.errors import Invalid, Place


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong (or, as a warning, odd) at one place, and what to do about it."""

    code: str
    message: str
    place: Place
    advice: str = ""

    def __str__(self) -> str:
        """Return ``file:line:column: message [code] advice``."""
        advice = f" {self.advice}" if self.advice else ""
        return f"{self.place}: {self.message} [{self.code}]{advice}"


class DefinitionInvalid(Invalid):
    """Authored files cannot be used; ``problems`` says everything that is wrong, in file order."""

    default_code = "definition_invalid"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        count = len(problems)
        message = first.message if count == 1 else f"{count} problems; the first: {first.message}"
        super().__init__(message, advice=first.advice, place=first.place)
        self.problems = problems


def _order(problem: Problem) -> tuple[str, int, int, str, str]:
    place = problem.place
    return (place.file, place.line, place.column, problem.code, problem.message)


class Problems:
    """Collects errors and warnings while files are read and checked."""

    def __init__(self) -> None:
        self._errors: dict[Problem, None] = {}
        self._warnings: dict[Problem, None] = {}

    def error(self, code: str, message: str, place: Place, advice: str) -> None:
        """Note something that makes the file unusable; the same problem twice counts once."""
        self._errors[Problem(code=code, message=message, place=place, advice=advice)] = None

    def warn(self, code: str, message: str, place: Place, advice: str) -> None:
        """Note something odd that does not stop anything."""
        self._warnings[Problem(code=code, message=message, place=place, advice=advice)] = None

    def take(self, other: "Problems") -> None:
        """Add what another collector has found."""
        self._errors.update(other._errors)
        self._warnings.update(other._warnings)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Return the errors in file order."""
        return tuple(sorted(self._errors, key=_order))

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Return the warnings in file order."""
        return tuple(sorted(self._warnings, key=_order))

    def raise_errors(self) -> None:
        """Raise everything found so far, if anything was.

        Raises:
            DefinitionInvalid: There is at least one error.
        """
        if self._errors:
            raise DefinitionInvalid(self.errors)
