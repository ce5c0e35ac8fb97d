"""Comparisons of the facts of a sentence with its sources: numbers, dates, and whom it names."""

from collections.abc import Collection, Iterable, Sequence

from kapell.core.guardrails.grounding.dates import agrees
from kapell.core.guardrails.grounding.lexicon import empty, kinds, senses, sides
from kapell.core.guardrails.grounding.names import Name
from kapell.core.guardrails.grounding.numbers import Number
from kapell.core.guardrails.grounding.statements import Statement
from kapell.core.guardrails.grounding.stems import stem

_BASE = {
    "km": ("m", 1000.0), "cm": ("m", 0.01), "mm": ("m", 0.001), "m": ("m", 1.0),
    "kg": ("g", 1000.0), "mg": ("g", 0.001), "µg": ("g", 1e-6), "t": ("g", 1e6), "g": ("g", 1.0),
    "ml": ("l", 0.001), "l": ("l", 1.0), "s": ("s", 1.0), "min": ("s", 60.0), "h": ("s", 3600.0),
    "day": ("s", 86400.0), "week": ("s", 604800.0), "month": ("month", 1.0),
    "year": ("month", 12.0), "mw": ("w", 1e6), "kw": ("w", 1e3), "w": ("w", 1.0),
    "mb": ("b", 1e6), "gb": ("b", 1e9), "tb": ("b", 1e12),
}  # fmt: skip


def numbers_told(said: Statement, told: Sequence[Statement]) -> bool:
    """Tell whether the sources hold every number of a sentence, with what it counts."""
    years = {date.year for one in told for date in one.dates if date.year}
    return all(
        (one.value in years and not one.unit) or _number_told(one, told) for one in said.numbers
    )


def _number_told(said: Number, told: Sequence[Statement]) -> bool:
    found = False
    for one in told:
        same = [other for other in one.numbers if _equal(said, other)]
        found = found or bool(same)
        if same and not _counts_another(said, one.numbers, same):
            return True
    if said.weak and not found:
        # "one" and "half" may be no numbers: they are where the sources count otherwise
        return not any(_rivals(said, other) for one in told for other in one.numbers)
    return False


def _counts_another(said: Number, numbers: Sequence[Number], same: Sequence[Number]) -> bool:
    """Tell whether a sentence of the sources has a number, but gives another to what is counted."""
    mine = any(one.noun == said.noun or not one.noun for one in same)
    rivals = [one for one in numbers if one.noun == said.noun and one not in same]
    return bool(said.noun) and not mine and bool(rivals)


def _rivals(said: Number, told: Number) -> bool:
    if said.sort == "share":
        return told.sort == "share" or told.unit == "%"
    return bool(said.noun) and told.noun == said.noun and not told.weak


def _equal(said: Number, told: Number) -> bool:
    if (said.sort == "clock") != (told.sort == "clock"):
        return False
    if (said.sort == "order") != (told.sort == "order") and "share" in (said.sort, told.sort):
        return False
    one, other = _amount(said), _amount(told)
    if one[0] and other[0] and one[0] != other[0]:
        return False
    first, second = (one[1], other[1]) if one[0] and other[0] else (said.value, told.value)
    if said.sort == "share" or told.sort == "share":
        first, second = _amount(said)[1], _amount(told)[1]
    if (first < 0) != (second < 0) and (said.fall if first > 0 else told.fall):
        first, second = abs(first), abs(second)
    if _contrary(said, told, first - second):
        return False
    near = 0.06 if said.about or told.about else 1e-6
    return abs(first - second) <= near * max(abs(first), abs(second), 1e-9)


def _contrary(said: Number, told: Number, more: float) -> bool:
    """Tell whether a number is open to the other side than the sources have it.

    ``more`` is by how much it is greater than theirs: `nearly 500` is not said of 512.
    """
    if said.bound and told.bound:
        return said.bound != told.bound
    if not said.bound:
        return False
    return more > 0 if said.bound == "least" else more < 0


def _amount(one: Number) -> tuple[str, float]:
    if one.sort == "share":
        return "%", one.value * 100
    unit, factor = _BASE.get(one.unit, (one.unit, 1.0))
    return unit, one.value * factor


def dates_told(said: Statement, told: Sequence[Statement], before: Sequence[Statement]) -> bool:
    """Tell whether the sources hold every date of a sentence."""
    known = [date for one in told for date in one.dates]
    counted = {number.value for one in told for number in one.numbers}
    near = {date.year for one in before for date in one.dates if date.year}
    for date in said.dates:
        plain = date.year and not date.month
        if plain and date.year in counted:
            continue
        if any(agrees(date, one) for one in known):
            continue
        bare = [one for one in known if not one.year and not one.week]
        if date.year in near and any(
            (one.month, one.day) == (date.month, date.day) for one in bare
        ):
            continue
        if not known and plain and date.year in near:
            continue
        return False
    return True


def names_told(
    said: Statement, told: Sequence[Statement], before: Sequence[Statement], keys: Collection[str]
) -> bool:
    """Tell whether the sources speak of everyone and everything a sentence names, just there."""
    known = {one.key for statement in told for one in statement.names}
    words = {key for statement in told for key in statement.keys}
    refers = any(one.refers or not one.names for one in told)
    earlier = {one.key for statement in before for one in statement.names}
    # What the sources are about need not be named again in every sentence of theirs.
    own = [one for one in said.names if not one.first or _may_be_name(one, keys)]
    present = [one for one in own if one.key in known or stem(one.key) in words]
    for one in own:
        if one in present:
            continue
        if one.key in earlier and (refers or not _rival(one, said, told)):
            continue
        if _is_adjective(one, known | earlier):
            continue
        return False
    return True


def _may_be_name(name: Name, keys: Collection[str]) -> bool:
    """Tell whether a word that begins a sentence is a name that the sources do not know."""
    key = stem(name.key)
    if key in keys or name.key in keys:
        return name.key in keys
    common = key in senses() or key in sides() or key in kinds() or name.key in empty()
    shaped = name.key.endswith(("ing", "ed", "ly", "tion", "ers", "ists", "ment", "ness", "ies"))
    return not common and not shaped and key[:5] not in {one[:5] for one in keys}


def _rival(name: Name, said: Statement, told: Sequence[Statement]) -> bool:
    """Tell whether the sources name another where a sentence names this one."""
    mine = {one.key for one in said.names}
    return any(one.key not in mine and not one.first for other in told[:1] for one in other.names)


def _is_adjective(name: Name, known: Iterable[str]) -> bool:
    """Tell whether a name is a form of one the sources know (`Italian` of `Italy`)."""
    return len(name.key) >= 4 and any(one[:4] == name.key[:4] for one in known if len(one) >= 4)
