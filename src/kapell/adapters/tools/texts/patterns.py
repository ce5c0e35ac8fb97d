"""Regular expressions of strangers: RE2, whose time grows with the text and never runs away."""

import re
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from kapell.adapters.tools.strangers import quoted
from kapell.adapters.tools.threads import Stop
from kapell.kit.errors import Invalid

if TYPE_CHECKING:
    pass

_MEMORY = 32 * 1024 * 1024
_SECONDS = 5.0
_REFERENCE = re.compile(r"\\(?:([0-9])|g<([A-Za-z_]\w*|[0-9]{1,2})>|(\\))")


class Match(NamedTuple):
    """One place that fits; groups that took no part are None."""

    start: int
    end: int
    groups: tuple[str | None, ...]
    named: dict[str, str | None]


class Pattern:
    """A compiled expression.

    Raises:
        Invalid: ``pattern_broken``.
    """

    def __init__(self, pattern: str, *, ignore_case: bool = False, literal: bool = False) -> None:
        import re2  # noqa: PLC0415 - native code that most runs never need

        options = re2.Options()
        options.case_sensitive = not ignore_case
        options.literal = literal
        options.log_errors = False
        options.max_mem = _MEMORY
        try:
            self._regexp: re2._Regexp = re2.compile(pattern, options)
        except (re2.error, UnicodeEncodeError) as error:
            raise _broken(_words(error)) from error

    def matches(self, text: str, stop: Stop) -> Iterator[Match]:
        """Yield what fits, from left to right, without overlaps.

        Each search takes time in proportion to the text; many that fail late do not, so that all
        of them together have an end too.

        Raises:
            Invalid: ``pattern_too_slow``.
        """
        end = time.thread_time() + _SECONDS
        try:
            for found in self._regexp.finditer(text):
                stop.check()
                if time.thread_time() > end:
                    raise _too_slow()
                yield Match(found.start(), found.end(), found.groups(), found.groupdict())
        except UnicodeEncodeError as error:
            raise Invalid(
                "The text holds half a character (a lone surrogate) and cannot be searched.",
                code="value_not_json",
                advice="Remove it from the text.",
            ) from error

    def replacement(self, template: str) -> Callable[[Match], str]:
        r"""Return what makes the text for a match: ``\1``, ``\g<name>`` and ``\\`` are filled in.

        Raises:
            Invalid: ``pattern_broken`` for a group that the expression does not have.
        """
        for reference in _REFERENCE.finditer(template):
            name = reference[1] or reference[2]
            known = not name or (
                int(name) <= self._regexp.groups
                if name.isdecimal()
                else name in self._regexp.groupindex
            )
            if not known:
                raise _broken(f"it has no group {name!r}")

        def fill(match: Match, text: str) -> str:
            name = text
            if not name.isdecimal():
                return match.named[name] or ""
            return match.groups[int(name) - 1] or "" if int(name) else ""

        return lambda match: _REFERENCE.sub(
            lambda found: "\\" if found[3] else fill(match, found[1] or found[2]), template
        )


def _broken(why: str) -> Invalid:
    return Invalid(
        f"The regular expression cannot be used: {why}.",
        code="pattern_broken",
        advice="Correct it; it is RE2, which has no look-around and no references back.",
    )


def _too_slow() -> Invalid:
    return Invalid(
        f"The regular expression took more than {_SECONDS:g} s on this text.",
        code="pattern_too_slow",
        advice="Make it say where to stop (no `.*` before a rare end), or give less text.",
    )


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return quoted(text, nothing="it is none")
