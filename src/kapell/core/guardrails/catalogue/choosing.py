"""Which detectors a text is worth: those whose words and digits it has, told in one pass.

All words of all detectors are looked for at once, by RE2, whose time grows with the text alone
and not with the number of words.
"""

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from kapell.core.guardrails.catalogue.detectors import DETECTORS
from kapell.core.guardrails.detectors.detector import Detector

if TYPE_CHECKING:
    import re2

_NOTHING: frozenset[str] = frozenset()
_MEMORY = 32 * 1024 * 1024


class _Chosen(NamedTuple):
    detector: Detector
    needs: frozenset[str]


def worth(lower: str, kinds: frozenset[str]) -> Iterator[Detector]:
    """Yield the detectors of some kinds that may find something in a text in small letters."""
    chosen = _chosen(kinds)
    if not chosen:
        return
    told = lower.encode("utf-8", "replace")
    digits = len(told) - len(told.translate(None, b"0123456789"))
    for detector in _called(kinds, _heard(told)):
        if detector.digits <= digits:
            yield detector


def _heard(lower: bytes) -> frozenset[str]:
    words, search = _words()
    heard = search.Match(lower)
    return frozenset([words[at] for at in heard]) if heard else _NOTHING


@cache
def _words() -> "tuple[tuple[str, ...], re2.Set]":
    import re2  # noqa: PLC0415 - native code, loaded with the first text that is looked at

    words = tuple(sorted({word for one in DETECTORS for word in one.needs}))
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    search = re2.Set.SearchSet(options)
    for word in words:
        search.Add(re2.escape(word))
    search.Compile()
    return words, search


@lru_cache(maxsize=1024)
def _called(kinds: frozenset[str], heard: frozenset[str]) -> tuple[Detector, ...]:
    """Return the detectors whose words were heard; most texts have none, or the same few."""
    return tuple(
        detector for detector, needs in _chosen(kinds) if not (needs and needs.isdisjoint(heard))
    )


@lru_cache(maxsize=64)
def _chosen(kinds: frozenset[str]) -> tuple[_Chosen, ...]:
    return tuple(
        _Chosen(detector, frozenset(detector.needs))
        for detector in DETECTORS
        if detector.kind in kinds
    )
