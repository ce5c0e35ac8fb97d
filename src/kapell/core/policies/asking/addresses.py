"""Hosts and recipients that a text names, however it is written and under whatever name."""

import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import unquote, urlsplit

UNREADABLE = "(unreadable)"
"""Stands for a host or recipient that programs would read in different ways; no list names it."""

_HOST_WORDS = frozenset({"host", "hostname", "domain", "server", "url", "uri", "href", "endpoint"})
_TO_KEYS = frozenset({"to", "cc", "bcc", "recipient", "recipients", "reply_to", "email", "emails"})
_CONTENT_WORDS = frozenset(
    {"text", "body", "html", "subject", "content", "contents", "message", "messages", "title"}
    | {"description", "summary", "note", "notes", "comment", "prompt", "question", "markdown"}
    | {"query", "quote", "caption"}
)
_FILE_WORDS = frozenset(
    {"path", "paths", "file", "files", "filename", "attachment", "attachments", "name", "table"}
    | {"tables", "dataset", "collection", "column", "field", "key", "id", "model", "version"}
)
_FILE_ENDS = frozenset(
    {"txt", "csv", "tsv", "json", "jsonl", "yaml", "yml", "xml", "html", "htm", "pdf", "png"}
    | {"jpg", "jpeg", "gif", "svg", "docx", "xlsx", "pptx", "log", "toml", "parquet", "js"}
)
_WEB = frozenset({"http", "https", "ws", "wss", "ftp"})
_ROUTING = frozenset("%!\\\uff05\ufe6a\uff01")
"""Signs by which the name in an address holds a second one, as mail servers read it of old."""
_LONGEST_AUTHORITY = 1024
_BLANKS = "".join(map(chr, range(33)))
_SHORT = 2048
"""Characters of a text that may be nothing but addresses."""


def plain_key(name: str) -> str:
    """Return a name such as ``toAddress`` or ``To-Address`` as ``to_address``."""
    if name.isascii() and name.isalpha() and name.islower():
        return name
    return "_".join(_pattern(r"[a-z]+|[A-Z]+[a-z]*").findall(name)).lower()


def hosts_in(key: str, text: str) -> Iterator[str]:
    """Yield the host that a text names under a plain key, if it names one."""
    text = text.strip(_BLANKS)
    word = key.rpartition("_")[2]
    if not text or (word in _CONTENT_WORDS and len(text.split(None, 1)) > 1):
        return
    scheme = _pattern(r"([A-Za-z][A-Za-z0-9+.-]{0,30}):([/\\]*)").match(text)
    if scheme and (scheme[2] or scheme[1].lower() in _WEB):
        web = scheme[1].lower() in _WEB
        if scheme[2] == "//" or (scheme[2] == "///" and not web):
            yield from _host(text[scheme.start(2) + 2 :])
        elif web or "\\" in scheme[2]:
            yield UNREADABLE
    elif word in _HOST_WORDS or text[:2] in {"//", "\\\\"}:
        yield from _host(text.removeprefix("//"))
    elif word not in _FILE_WORDS and _is_host(text):
        yield from _host(text)


def recipients_in(key: str, text: str) -> Iterator[str]:
    """Yield the recipients that a text names under a plain key, in lower case.

    One that a mail server may send elsewhere is unreadable: ``evil%bad.com@good.com`` and
    ``bad.com!evil@good.com`` are old ways to say where it goes on to, quoted names can hold both.
    """
    for one in _named(key, text):
        yield UNREADABLE if _goes_on(one) else one


def _named(key: str, text: str) -> Iterator[str]:
    """Yield the recipients as they are written."""
    if text[:7].lower() == "mailto:":
        to, _, fields = unquote(text[7:]).partition("?")
        yield from _addressed(to)
        yield from _tokens(_pattern("[?&=]").sub(" ", fields))
    elif key in _TO_KEYS:
        yield from _addressed(text)
    elif "@" not in _even(text) or _pattern(r"[A-Za-z][\w+.-]{0,30}:[/\\]+\S*\Z").match(text):
        return
    else:
        found = [one for one in _tokens(text) if not one.startswith("@") and one[-1] != "@"]
        content = key.rpartition("_")[2] in _CONTENT_WORDS
        if not content or _only_addresses(text):
            yield from found


def _host(rest: str) -> Iterator[str]:
    """Yield the host of what follows ``//``."""
    authority = _pattern("[/?#]").split(rest, maxsplit=1)[0]
    odd = any(char <= " " or char.isspace() or char in "\\\x7f" for char in authority)
    try:
        host = (urlsplit(f"//{authority}").hostname or "").rstrip(".").lower()
    except ValueError:
        host, odd = "", True
    if odd or len(authority) > _LONGEST_AUTHORITY or ("%" in host and ":" not in host):
        yield UNREADABLE
    elif host:
        yield host


def _is_host(text: str) -> bool:
    """Tell whether a text is a host and no name of a file."""
    found = _pattern(
        r"(?:[A-Za-z0-9_-]{1,63}\.){1,10}([A-Za-z]{2,24}|\d{1,3}|xn--[\w-]{1,59})\.?(:\d{1,5})?(?:/\S*)?\Z"
    ).match(text)
    if not found:
        return False
    if found[1].isdigit():
        return _pattern(r"\d{1,3}(?:\.\d{1,3}){3}(?![\d.])").match(text) is not None
    return bool(found[2]) or found[1].lower() not in _FILE_ENDS


def _addressed(text: str) -> Iterator[str]:
    """Yield the recipients of a header such as ``Anna <anna@example.com>, ben``."""
    for part in _pattern("[,;\n]").split(_even(text)):
        if "@" in part:
            yield from _tokens(part)
        elif inner := part.rpartition("<")[2].partition(">")[0].strip().lower():
            yield inner


def _goes_on(one: str) -> bool:
    """Tell whether the host of an address may send it on to another one that its name holds."""
    name, at, host = one.rpartition("@")
    return bool(at) and ("@" in name or not _ROUTING.isdisjoint(name) or (not name and "." in host))


def _tokens(text: str) -> Iterator[str]:
    """Yield every word with an ``@``."""
    for token in _pattern(r"""[\s<>,;"'()\x00-\x20\x7f]+""").split(_even(text).lower()):
        if "@" in token and (token := token.rstrip(".")):
            yield token


def _only_addresses(text: str) -> bool:
    """Tell whether a short text is nothing but addresses, with or without angle brackets."""
    words = _pattern(r"[\s<>,;]+").split(_even(text).strip(" \t\r\n<>,;"))
    return len(text) <= _SHORT and all("@" in word for word in words)


def _even(text: str) -> str:
    """Return a text with its ``@`` in one writing and without blanks around them.

    A quoted name, or one with a comment, ends with a sign of routing: what it holds cannot be read.
    """
    text = text.replace("\uff20", "@").replace("\ufe6b", "@")
    if "@" not in text:
        return text
    text = "@".join(part.strip() for part in text.split("@"))
    if '"@' not in text and ")@" not in text and "'@" not in text:
        return text
    return _pattern(r"""(?<=[^\s<>,;"'()])["')]+@|(?<=[\s<>,;])"[^"]+"@|^"[^"]+"@""").sub(
        "x!@", text
    )


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)
