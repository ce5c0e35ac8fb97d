"""Where a call reaches, and which data it touches, read from its arguments."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from kapell.core.policies.asking.documents import AllowPart, DataPart, ReachPart
from kapell.core.tools.paths import paths_in
from kapell.kit.json import Json

_HOST_KEYS = frozenset({"host", "hostname", "domain", "server", "base_url", "url", "uri", "href"})
_TO_KEYS = frozenset({"to", "cc", "bcc", "recipient", "recipients", "reply_to", "email", "emails"})
_TABLE_KEYS = frozenset({"table", "tables", "dataset", "collection"})
_DEPTH = 32
"""Levels of arguments that are looked through; a call nested deeper is refused elsewhere."""


def reach_of(args: Json, allow: AllowPart) -> ReachPart:
    """Return where a call with these arguments reaches, as far as they show it.

    A text is an address when the whole of it is a URL or stands under a name such as ``host`` or
    ``to``; links within a longer text are only its content.
    """
    domains: set[str] = set()
    recipients: set[str] = set()
    for key, text in _texts(args, "", _DEPTH):
        host = _host(key, text)
        if host:
            domains.add(host)
        if key in _TO_KEYS or text[:7].lower() == "mailto:":
            recipients.update(_addresses(text))
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
    """Yield every text with the name under which it stands, in lower case."""
    if isinstance(value, str):
        yield key, value.strip()
    elif left and isinstance(value, (dict, Mapping)):
        for name, inner in value.items():
            yield from _texts(inner, str(name).lower(), left - 1)
    elif left and isinstance(value, (list, tuple, Sequence)):
        for inner in value:
            yield from _texts(inner, key, left - 1)


def _host(key: str, text: str) -> str:
    """Return the host that a text names; empty for none."""
    if len(text) > 8192 or not text:
        return ""
    if "://" in text[:16]:
        return _split(text)
    if key in _HOST_KEYS and " " not in text:
        return _split(f"//{text.removeprefix('//')}")
    return ""


def _split(address: str) -> str:
    try:
        host = urlsplit(address.replace("\\", "/")).hostname or ""
    except ValueError:
        return "(unreadable)"  # no list names it
    return host.rstrip(".").lower()


def _addresses(text: str) -> Iterator[str]:
    """Yield the addresses of a header such as ``Anna <anna@example.com>, ben@example.com``."""
    text = text[7:].partition("?")[0] if text[:7].lower() == "mailto:" else text
    for one in text.replace(";", ",").replace("\n", ",").split(","):
        inner = one.rpartition("<")[2].partition(">")[0].strip().lower()
        if inner:
            yield inner


def _unlisted_domains(domains: Iterable[str], allow: AllowPart) -> tuple[str, ...]:
    return tuple(sorted(one for one in domains if not _listed(one, allow.domains)))


def _unlisted_recipients(recipients: Iterable[str], allow: AllowPart) -> tuple[str, ...]:
    """Return those no list names; where there is none of recipients, their domains count."""
    if allow.recipients:
        return tuple(sorted(one for one in recipients if not _listed(one, allow.recipients)))
    return tuple(
        sorted(one for one in recipients if not _listed(one.rpartition("@")[2], allow.domains))
    )


def _listed(one: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(one, pattern.lower()) for pattern in patterns)
