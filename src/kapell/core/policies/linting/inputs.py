"""What ``input`` holds for the rules of a package: its fields, and the values they may have."""

from collections.abc import Sequence
from functools import cache

import msgspec
from msgspec import inspect as types

from kapell.core.policies.asking.documents import DOCUMENTS, Asked

_ALL = tuple(dict.fromkeys(DOCUMENTS.values()))


class Wrong(msgspec.Struct, frozen=True):
    """A path that leads nowhere: how far it goes, the name that is unknown, and those that are."""

    above: str
    name: str
    known: tuple[str, ...]


@cache
def _kind(document: type[Asked]) -> types.Type:
    return types.type_info(document)


def wrong_path(documents: Sequence[type[Asked]], path: Sequence[str]) -> Wrong | None:
    """Return what is wrong with a path below ``input``; right in one document is right."""
    found = [_walk(one, path) for one in documents]
    wrong = [one for one in found if isinstance(one, Wrong)]
    return wrong[0] if len(wrong) == len(found) and wrong else None


def choices(documents: Sequence[type[Asked]], path: Sequence[str]) -> tuple[str, ...]:
    """Return the texts that may stand at a path, or within a list there; empty: any."""
    known: set[str] = set()
    for one in documents:
        kind = _walk(one, path)
        if isinstance(kind, Wrong):
            continue
        if isinstance(kind, types.VarTupleType):
            kind = _plain(kind.item_type)
        if not isinstance(kind, types.LiteralType):
            return ()
        known.update(str(value) for value in kind.values)
    return tuple(sorted(known))


def is_number(documents: Sequence[type[Asked]], path: Sequence[str]) -> bool | None:
    """Tell whether a path leads to a number in every document; None: to neither text nor number."""
    found = set[bool | None]()
    for one in documents:
        kind = _walk(one, path)
        if isinstance(kind, (types.IntType, types.FloatType)):
            found.add(True)
        elif isinstance(kind, (types.StrType, types.LiteralType)):
            found.add(False)
        elif not isinstance(kind, Wrong):
            found.add(None)
    return found.pop() if len(found) == 1 else None


def _walk(document: type[Asked], path: Sequence[str]) -> types.Type | Wrong:
    kind: types.Type = _kind(document)
    for number, name in enumerate(path):
        if isinstance(kind, types.StructType):
            fields = {field.encode_name: field.type for field in kind.fields}
            if name not in fields:
                return Wrong(".".join(("input", *path[:number])), name, tuple(fields))
            kind = _plain(fields[name])
        elif isinstance(kind, types.DictType):
            kind = _plain(kind.value_type)
        else:
            return types.AnyType()
    return kind


def _plain(kind: types.Type) -> types.Type:
    return _plain(kind.type) if isinstance(kind, types.Metadata) else kind


def documents_of(package: str) -> tuple[type[Asked], ...]:
    """Return what the rules of a package may be asked about; of a library's all of it."""
    known = DOCUMENTS.get(package)
    return (known,) if known is not None else _ALL
