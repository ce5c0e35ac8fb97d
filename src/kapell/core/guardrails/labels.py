"""Trust labels: where a value came from, and what that says of it."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

Origin: TypeAlias = Literal["author", "user", "agent", "tool", "web", "memory"]
"""Who a value comes from: the author of the definitions, the person who started the run or
answered in it, a model, a trusted tool, strangers (whatever an untrusted tool returned), memory."""

Label: TypeAlias = tuple[Origin, ...]
"""Everyone a value comes from, sorted, each once; a derived value has the origins of all it was
made of. Empty: made by the author of the workflow alone."""

UNTRUSTED: frozenset[Origin] = frozenset({"web"})
"""Origins whose words are material and never an order."""


def joined(labels: Iterable[Label]) -> Label:
    """Return the label of what was made of values with these labels."""
    return tuple(sorted({origin for label in labels for origin in label}))


def untrusted(label: Label) -> bool:
    """Tell whether strangers had a part in a value."""
    return not UNTRUSTED.isdisjoint(label)
