"""What ``decide`` may know beside the state: time, prices, tools and fetched values, as data."""

from collections.abc import Mapping

import msgspec

from kapell.core.events.value import Packed
from kapell.core.expressions import DEFAULT, Limits
from kapell.core.guardrails.labels import Label
from kapell.core.pricing.quote import Quote
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Failure
from kapell.kit.json import Digest, Json

CHEAP = Limits(operations=20_000, text=200_000)
"""What an expression may cost on the event loop (a few milliseconds); what needs more is decided
again in a thread with ``DEFAULT``, with the same result.
"""


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """The result of a step as other runs may take it over, with its label."""

    output: Packed
    label: Label = ()


class Context(msgspec.Struct, kw_only=True):
    """Everything outside the log that a decision depends on.

    ``values`` holds decoded artifacts, ``cached`` results of earlier steps by cache key (None:
    there is none). ``quotes`` gives a price, or why there is none, for every model of the version.
    ``draining`` says that the worker is leaving: what is in flight is recorded, no call is begun.
    """

    now: float
    worker: str = ""
    epoch: int = 0
    quotes: Mapping[str, Quote | Failure] = {}
    tools: Mapping[str, ToolSpec] = {}
    values: dict[Digest, Json] = {}
    cached: dict[str, Kept | None] = {}
    limits: Limits = DEFAULT
    draining: bool = False


class NeedsValues(Exception):
    """Deciding needs these artifacts or cached results first."""

    def __init__(
        self, digests: frozenset[Digest] = frozenset(), keys: frozenset[str] = frozenset()
    ) -> None:
        super().__init__("values are needed")
        self.digests = digests
        self.keys = keys
