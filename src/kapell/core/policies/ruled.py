"""The outcome of a question, with the rules behind it."""

import msgspec

from kapell.core.policies.answers import Fired
from kapell.core.policies.judgement import Judgement


class Ruled(msgspec.Struct, frozen=True):
    """A judgement with all that explains it.

    ``packages`` are those that were asked, ``fired`` the rules that spoke, ``decided`` the one that
    counts; None when nothing spoke, and the call is denied for that.
    """

    judgement: Judgement
    packages: tuple[str, ...] = ()
    fired: tuple[Fired, ...] = ()
    decided: Fired | None = None
