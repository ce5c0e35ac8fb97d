"""Trust labels: where a value came from, and what that says of it.

Events and gates hold a label as words, the folded state as one number: labels are joined at every
step of every run, and joining numbers costs next to nothing.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from itertools import compress
from operator import or_
from typing import Literal, TypeAlias, get_args

Origin: TypeAlias = Literal["agent", "author", "memory", "tool", "user", "web"]
"""Who a value comes from: the author of the definitions, the person who started the run or
answered in it, a model, a trusted tool, strangers (whatever an untrusted tool returned), memory."""

Label: TypeAlias = tuple[Origin, ...]
"""Everyone a value comes from, sorted, each once; a derived value has the origins of all it was
made of. Empty: made by the author of the workflow alone."""

Mask: TypeAlias = int
"""A label as a number: one bit for each origin, 0 for what the author wrote."""

UNTRUSTED: frozenset[Origin] = frozenset({"web"})
"""Origins whose words are material and never an order."""

_ORIGINS: tuple[Origin, ...] = get_args(Origin)
AGENT, AUTHOR, MEMORY, TOOL, USER, WEB = (1 << place for place in range(len(_ORIGINS)))
EVERYTHING: Mask = (1 << len(_ORIGINS)) - 1

_LABELS: tuple[Label, ...] = tuple(
    tuple(compress(_ORIGINS, (mask >> place & 1 for place in range(len(_ORIGINS)))))
    for mask in range(EVERYTHING + 1)
)
_MASKS: Mapping[Label, Mask] = {label: mask for mask, label in enumerate(_LABELS)}


def joined(labels: Iterable[Label]) -> Label:
    """Return the label of what was made of values with these labels."""
    return tuple(sorted({origin for label in labels for origin in label}))


def untrusted(label: Label) -> bool:
    """Tell whether strangers had a part in a value."""
    return not UNTRUSTED.isdisjoint(label)


def mask_of(label: Label) -> Mask:
    """Return a label as a number."""
    found = _MASKS.get(label)
    return _MASKS[joined([label])] if found is None else found


def label_of(mask: Mask) -> Label:
    """Return a label as words; every number has one tuple that all share."""
    return _LABELS[mask]


def masks_of(labels: Mapping[str, Label]) -> dict[str, Mask]:
    """Return labels by name as numbers."""
    try:
        return {name: _MASKS[label] for name, label in labels.items()}
    except KeyError:  # not sorted
        return {name: mask_of(label) for name, label in labels.items()}


def labels_of(masks: Mapping[str, Mask]) -> dict[str, Label]:
    """Return labels by name as words; what only the author wrote is left out."""
    return {name: _LABELS[mask] for name, mask in masks.items() if mask}


def all_of(masks: Iterable[Mask]) -> Mask:
    """Return the label of what was made of values with these labels."""
    return reduce(or_, masks, 0)
