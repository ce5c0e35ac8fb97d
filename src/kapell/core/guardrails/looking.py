"""Looks at a text: everything the rules name, sorted, each part of the text told once."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator

from kapell.core.guardrails.catalogue.choosing import worth
from kapell.core.guardrails.detectors import custom
from kapell.core.guardrails.detectors.detector import compiled, found
from kapell.core.guardrails.findings import ORDERS, Family, Finding
from kapell.core.guardrails.rules import Rules
from kapell.core.guardrails.subjects.language import strange
from kapell.core.guardrails.subjects.topics import about
from kapell.core.guardrails.views.folding import folded
from kapell.core.guardrails.views.reading import readings
from kapell.core.guardrails.views.view import View, edited
from kapell.core.guardrails.views.wording import unseen, worded

_DEPTH = 3
"""How often what was decoded is decoded again."""

_GRAVITY: dict[Family, int] = {
    "secret": 5,
    "pii": 4,
    "injection": 3,
    "jailbreak": 2,
    "topic": 1,
    "language": 0,
}
_SIGNALS = 200
"""Signals told of one text at most: more say nothing more."""

_GAPS = r"[^\S\n]{2,200}|[^\S\n ]"

_NOTHING = (0, 0)

_VALUES: frozenset[Family] = frozenset({"secret", "pii"})
"""Families whose findings are values to take out, and so are joined rather than cut."""


def look(text: str, rules: Rules) -> tuple[Finding, ...]:
    """Return what the rules name in a text: sorted by start; values do not overlap, nor do signals.

    Values that overlap become one finding, of the gravest and longest kind, for a part that was
    left would show half of them. A signal keeps the part of its words that no value takes; where
    values take them all, it stands over them: an order that is encoded with an address stays one.
    """
    if not text:
        return ()
    seen = _whole(text, rules)
    values = _joined(finding for finding in seen if finding.family in _VALUES)
    return _placed(values, [finding for finding in seen if finding.family not in _VALUES])


def _whole(text: str, rules: Rules) -> list[Finding]:
    seen = [finding for finding in _deep(text, rules, _DEPTH) if not _passes(finding, text, rules)]
    if rules.topics or rules.words or rules.only:
        seen.extend(_subjects(text, rules))
    if rules.languages:
        seen.extend(strange(text, rules.languages))
    least = dict(rules.least)
    return [finding for finding in seen if finding.score >= least.get(finding.kind, 0.5)]


def _subjects(text: str, rules: Rules) -> Iterator[Finding]:
    """Yield what a text is about, as a person reads it: whatever stands between its words."""
    view = folded(text)
    even = edited(view.text, [(*one.span(), " ") for one in compiled(_GAPS).finditer(view.text)])
    told = about(even.text, rules.topics, rules.words, rules.only)
    yield from _back(view, _back(even, told))


def _deep(text: str, rules: Rules, depth: int) -> Iterator[Finding]:
    """Yield what is found in a text and in every other way to read it."""
    view = folded(text)
    yield from _back(view, _plain(view.text, rules))
    for hidden in unseen(text):
        yield from _back(hidden, _orders(hidden.text, rules))
    for plain in worded(view.text):
        yield from _back(view, _back(plain, _orders(plain.text, rules)))
    if depth > 0:
        for other in readings(view.text):
            yield from _back(view, _back(other, _deep(other.text, rules, depth - 1)))


def _orders(text: str, rules: Rules) -> Iterator[Finding]:
    """Yield the signals alone: words that are guessed at show no values."""
    return (finding for finding in _plain(text, rules) if finding.family not in _VALUES)


def _back(view: View, findings: Iterable[Finding]) -> Iterator[Finding]:
    if view.same:
        yield from findings
        return
    for finding in findings:
        start, end = view.back(finding.start, finding.end)
        yield Finding(finding.family, finding.kind, start, end, finding.score)


def _plain(text: str, rules: Rules) -> Iterator[Finding]:
    lower = text.lower()
    for detector in worth(lower, rules.kinds):
        yield from found(detector, text, lower)
    for name, pattern in rules.patterns:
        for start, end, score in custom.matches(name, pattern, text):
            yield Finding("pii", name, start, end, score)


def _passes(finding: Finding, text: str, rules: Rules) -> bool:
    """Tell whether a value is one of those that the rules let pass."""
    if not rules.allowed or finding.family not in _VALUES:
        return False
    value = text[finding.start : finding.end].strip().lower()
    if value in rules.allowed:
        return True
    domain = value.rpartition("@")[2] if "@" in value else ""
    if not domain:
        return False
    parents = domain.split(".")
    return f"@{domain}" in rules.allowed or any(
        f"*.{'.'.join(parents[first:])}" in rules.allowed for first in range(1, len(parents))
    )


def _joined(findings: Iterable[Finding]) -> list[Finding]:
    """Join findings that overlap: the whole stretch, named after the gravest and longest."""
    joined: list[Finding] = []
    best: Finding | None = None
    for finding in sorted(findings, key=lambda one: (one.start, -one.end)):
        last = joined[-1] if joined else None
        if last is None or best is None or finding.start >= last.end:
            joined.append(finding)
            best = finding
            continue
        best = max(best, finding, key=_weight)
        end = max(last.end, finding.end)
        joined[-1] = Finding(best.family, best.kind, last.start, end, best.score)
    return joined


def _weight(finding: Finding) -> tuple[int, int, float, str]:
    length = finding.end - finding.start
    return _GRAVITY[finding.family], length, finding.score, finding.kind


def _placed(values: list[Finding], signals: list[Finding]) -> tuple[Finding, ...]:
    """Return values and signals; signals take what is still free, the gravest first."""
    taken = list(values)
    over: list[Finding] = []
    for signal in _merged(signals):
        stands, (start, end) = taken, _free(signal, _near(signal, taken))
        if start == end and _hides(signal, values):
            stands, (start, end) = over, _free(signal, _near(signal, over))
        if start < end:
            made = Finding(signal.family, signal.kind, start, end, signal.score)
            insort(stands, made, key=_start)
    return tuple(sorted((*taken, *over), key=_start)) if over else tuple(taken)


def _hides(signal: Finding, values: list[Finding]) -> bool:
    """Tell whether values take all words of an order, as in an encoded one that has an address."""
    return signal.family in ORDERS and _free(signal, _near(signal, values)) == _NOTHING


def _near(signal: Finding, taken: list[Finding]) -> list[Finding]:
    """Return those of findings apart from each other that a signal may meet."""
    at = bisect_right(taken, signal.start, key=_start)
    return taken[max(0, at - 1) : bisect_right(taken, signal.end - 1, key=_start)]


def _merged(signals: list[Finding]) -> list[Finding]:
    """Return the gravest and longest signals first; of those alike that overlap, one."""
    merged: list[Finding] = []
    alike: dict[tuple[str, str], int] = {}
    for signal in sorted(signals, key=lambda one: (one.start, -one.end)):
        key = (signal.family, signal.kind)
        at = alike.get(key)
        if at is not None and signal.start < merged[at].end:
            last = merged[at]
            end, score = max(last.end, signal.end), max(last.score, signal.score)
            merged[at] = Finding(last.family, last.kind, last.start, end, score)
        else:
            alike[key] = len(merged)
            merged.append(signal)
    merged.sort(key=lambda one: (*_weight(one), -one.start), reverse=True)
    return merged[:_SIGNALS]


def _start(finding: Finding) -> int:
    return finding.start


def _free(signal: Finding, taken: list[Finding]) -> tuple[int, int]:
    """Return the longest part of a signal's words that nothing else takes."""
    best = _NOTHING
    at = signal.start
    for one in taken:
        if one.end <= at or one.start >= signal.end:
            continue
        if one.start - at > best[1] - best[0]:
            best = (at, one.start)
        at = max(at, one.end)
    if signal.end - at > best[1] - best[0]:
        best = (at, signal.end)
    return best
