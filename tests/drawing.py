"""How many examples a property draws."""

from hypothesis import settings

_FAST = "fast"
"""The profile of ``make fast``, which draws few."""


def examples(many: int) -> int:
    """Return how many examples to draw where many are wanted; the fast suite draws fewer.

    A number that a test names itself would count in every profile.
    """
    fast = settings.get_profile(_FAST)
    return min(many, fast.max_examples) if settings.default == fast else many
