"""Rates: how often somebody may ask within a window of time, counted like quotas."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

import msgspec

from kapell.core.gateway.quotas import Per, Quota, Refused, Wanted
from kapell.kit.clock import span_text
from kapell.kit.errors import Limited


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """At most ``most`` requests in each window of ``every`` seconds.

    ``who`` names the one it is for (of tools a pattern of names); empty means each of them by
    itself. ``everywhere`` lets it hold for the terminal of this machine too.
    """

    per: Per
    most: int
    every: float
    who: str = ""
    everywhere: bool = False


class Asker(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who asks, and from where; what is empty is not known and not counted by.

    ``user`` and ``key`` are subjects such as ``user:anna``. ``served`` says that the request came
    over a network or from another program; a person at the terminal of this machine is not served.
    """

    tenant: str = ""
    user: str = ""
    key: str = ""
    ip: str = ""
    conversation: str = ""
    served: bool = False

    @property
    def whence(self) -> str:
        """Return from where they ask, empty for the terminal of this machine."""
        address = f"ip:{self.ip}" if self.ip else ""
        return " ".join(one for one in (address, self.key) if one)


def asked(asker: Asker, rates: Sequence[Rate]) -> tuple[Wanted, ...]:
    """Return the windows that one request of a person or client counts in."""
    return tuple(
        _wanted(rate, name)
        for rate in rates
        if rate.per != "tool" and (asker.served or rate.everywhere)
        for name in _names(asker, rate)
    )


def called(tool: str, rates: Sequence[Rate]) -> tuple[Wanted, ...]:
    """Return the windows that one call of a tool counts in."""
    return tuple(
        _wanted(rate, rate.who or tool)
        for rate in rates
        if rate.per == "tool" and (not rate.who or fnmatchcase(tool, rate.who))
    )


def _names(asker: Asker, rate: Rate) -> Iterator[str]:
    name = getattr(asker, rate.per)
    if name and rate.who in ("", name):
        yield name


def _wanted(rate: Rate, name: str) -> Wanted:
    # The name says what is counted: quotas count model calls under the same subjects.
    scope = f"asked:{rate.per}={name}"
    quota = Quota(per=rate.per, every=rate.every, who=rate.who, calls=rate.most)
    return Wanted(scope=scope, quota=quota)


def refusal(refused: Refused) -> Limited:
    """Return the error of what was refused: whose limit it was, and when to come back."""
    quota = refused.wanted.quota
    whose = refused.wanted.scope.partition("=")[2]
    again = max(refused.ends_in, 1.0)
    what = "calls" if quota.per == "tool" else "requests"
    return Limited(
        f"Too many {what} of {quota.per} {whose!r}: {quota.calls:,} are allowed within "
        f"{span_text(quota.every)}.",
        code="rate_limited",
        advice=f"Come back in {span_text(again)}, or raise the rate under `limits.rates` in "
        "kapell.yaml.",
        retry_after=again,
    )
