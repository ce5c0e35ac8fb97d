"""Where a call reaches, and which data it touches, read from its arguments."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from kapell.core.policies.asking.addresses import UNREADABLE, hosts_in, plain_key, recipients_in
from kapell.core.policies.asking.documents import AllowPart, DataPart, ReachPart
from kapell.core.tools.paths import paths_in
from kapell.kit.json import Json

_TABLE_KEYS = frozenset({"table", "tables", "dataset", "collection"})
_DEPTH = 32
"""Levels of arguments that are looked through; a call nested deeper is refused elsewhere."""


def reach_of(args: Json, allow: AllowPart) -> ReachPart:
    """Return where a call with these arguments reaches, as far as they show it.

    Whatever looks like an address counts, under any name. Under names such as ``text`` or ``body``
    only a text that is nothing but addresses does: those within a longer one are its content.
    """
    domains: set[str] = set()
    recipients: set[str] = set()
    for key, text in _texts(args, "", _DEPTH):
        domains.update(hosts_in(key, text))
        recipients.update(recipients_in(key, text))
    return ReachPart(
        domains=tuple(sorted(domains)),
        recipients=tuple(sorted(recipients)),
        unlisted_domains=_unlisted_domains(domains, allow),
        unlisted_recipients=_unlisted_recipients(recipients, allow),
    )


def data_of(schema: Json, args: Json) -> DataPart:
    """Return the files and tables that a call with these arguments names."""
    tables = {text for key, text in _texts(args, "", _DEPTH) if key in _TABLE_KEYS}
    paths = {text for _, text in paths_in(schema, args)}
    return DataPart(paths=tuple(sorted(paths)), tables=tuple(sorted(tables)))


def _texts(value: Json, key: str, left: int) -> Iterator[tuple[str, str]]:
    """Yield every text with the name under which it stands; names that are addresses are texts."""
    if isinstance(value, str):
        yield key, value.strip()
    elif left and isinstance(value, (dict, Mapping)):
        for name, inner in value.items():
            if "@" in str(name) or "://" in str(name):
                yield key, str(name).strip()
            yield from _texts(inner, plain_key(str(name)), left - 1)
    elif left and isinstance(value, (list, tuple, Sequence)):
        for inner in value:
            yield from _texts(inner, key, left - 1)


def _unlisted_domains(domains: Iterable[str], allow: AllowPart) -> tuple[str, ...]:
    return tuple(sorted(one for one in domains if not _listed(one, allow.domains)))


def _unlisted_recipients(recipients: Iterable[str], allow: AllowPart) -> tuple[str, ...]:
    """Return those no list names; where there is none of recipients, their domains count."""
    if allow.recipients:
        return tuple(sorted(one for one in recipients if not _listed(one, allow.recipients)))
    return tuple(sorted(one for one in recipients if not _at_listed(one, allow.domains)))


def _at_listed(one: str, domains: Iterable[str]) -> bool:
    return one.count("@") < 2 and _listed(one.rpartition("@")[2], domains)


def _listed(one: str, patterns: Iterable[str]) -> bool:
    """Tell whether a pattern names an address; no ``*`` stands for a blank or an ``@``.

    What cannot be read is on no list.
    """
    named = any(
        one.count("@") <= pattern.count("@") and fnmatchcase(one, pattern.lower())
        for pattern in patterns
    )
    return named and one != UNREADABLE and not any(char <= " " or char.isspace() for char in one)
