"""What is looked for, as data: a profile, an agent or a step has rules."""

from collections.abc import Iterable, Mapping

import msgspec

from kapell.core.guardrails.catalogue.detectors import KINDS, VALUES
from kapell.core.guardrails.detectors import custom
from kapell.core.guardrails.subjects.language import LANGUAGES
from kapell.core.guardrails.subjects.topics import OUT_OF_SCOPE, TOPICS
from kapell.kit.errors import Invalid

_NAME = 40
_PATTERNS = 50
_WORDS = 2000


class Rules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which things are looked for in texts.

    ``kinds`` are names of ``KINDS``; ``least`` says how sure a detector must be, by kind.
    ``patterns`` are things of one's own, by kind, as RE2 expressions. ``topics`` are names of
    ``TOPICS`` that are told; ``words`` are topics of one's own (competitors, what is out of
    scope) with the words that show them; ``only`` are topics of which one must show, or the text
    is ``out_of_scope``. ``languages`` are those allowed, two letters each; none means all.
    ``allowed`` values pass: whole values, or ``@example.com`` and ``*.example.com`` for addresses
    of a domain.
    """

    kinds: frozenset[str] = KINDS
    least: tuple[tuple[str, float], ...] = ()
    patterns: tuple[tuple[str, str], ...] = ()
    topics: frozenset[str] = frozenset()
    words: tuple[tuple[str, tuple[str, ...]], ...] = ()
    only: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()


def make_rules(
    *,
    kinds: Iterable[str] = KINDS,
    without: Iterable[str] = (),
    least: Mapping[str, float] | None = None,
    patterns: Mapping[str, str] | None = None,
    topics: Iterable[str] = (),
    words: Mapping[str, Iterable[str]] | None = None,
    only: Iterable[str] = (),
    languages: Iterable[str] = (),
    allowed: Iterable[str] = (),
) -> Rules:
    """Return rules made of what an author wrote, checked.

    Raises:
        Invalid: ``guard_rules_broken``: a name is unknown, an expression can run away, is too
            long or fits nothing at all.
    """
    own = {
        name: tuple(word.strip().lower() for word in said) for name, said in (words or {}).items()
    }
    chosen = _known(kinds, KINDS, "kind") - _known(without, KINDS, "kind")
    for name in (*(patterns or {}), *own):
        _check_name(name)
    for name in patterns or {}:
        _check_own(name, KINDS, "kind")
    for name in own:
        _check_own(name, TOPICS | {OUT_OF_SCOPE}, "topic")
    for name, pattern in (patterns or {}).items():
        custom.check(name, pattern)
    for name, said in own.items():
        if not said or not all(said) or len(said) > _WORDS:
            raise _broken(f"The topic {name} has no words, an empty one, or over {_WORDS}.")
    if len(patterns or {}) > _PATTERNS:
        raise _broken(f"There are over {_PATTERNS} patterns.")
    for name, score in (least or {}).items():
        if name not in KINDS | own.keys() | (patterns or {}).keys() or not 0 <= score <= 1:
            raise _broken(f"The threshold of {name} is not one of a known kind, from 0 to 1.")
    return Rules(
        kinds=chosen,
        least=tuple(sorted((least or {}).items())),
        patterns=tuple(sorted((patterns or {}).items())),
        topics=_known(topics, TOPICS | own.keys(), "topic"),
        words=tuple(sorted(own.items())),
        only=_known(only, TOPICS | own.keys(), "topic"),
        languages=_known(languages, frozenset(LANGUAGES), "language"),
        allowed=frozenset(value.strip().lower() for value in allowed if value.strip()),
    )


def check_kinds(names: Iterable[str], own: Iterable[str]) -> None:
    """Make sure that each name is that of a kind of values, built in or of one's own.

    Raises:
        Invalid: ``guard_rules_broken``.
    """
    _known(names, VALUES | frozenset(own), "kind")


def _known(names: Iterable[str], known: "frozenset[str] | set[str]", what: str) -> frozenset[str]:
    asked = frozenset(names)
    if unknown := sorted(asked - known):
        raise _broken(f"{unknown[0]} is no {what}; known: {', '.join(sorted(known))}.")
    return asked


def _check_name(name: str) -> None:
    plain = name.replace("_", "a")
    if not (plain.isascii() and plain.isalnum() and plain == plain.lower() and len(name) <= _NAME):
        raise _broken(f"{name!r} names no kind: up to {_NAME} small letters, digits and _.")


def _check_own(name: str, built_in: frozenset[str], what: str) -> None:
    """Refuse a name of one's own that is taken: nobody could tell the two apart afterwards."""
    if name in built_in:
        raise Invalid(
            f"{name} is a {what} that is built in.",
            code="guard_rules_broken",
            advice=f"Give yours a name of its own, such as own_{name}; both are looked for.",
        )


def _broken(message: str) -> Invalid:
    return Invalid(message, code="guard_rules_broken", advice=custom.ADVICE)
