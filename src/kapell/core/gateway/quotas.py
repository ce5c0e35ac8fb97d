"""Quotas: what a tenant, a user, a conversation or a key may use within a window of time."""

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec

from kapell.core.gateway.calls import ModelRequest
from kapell.core.gateway.failures import failure
from kapell.kit.clock import span_text
from kapell.kit.errors import KapellError
from kapell.kit.money import text as money

Per: TypeAlias = Literal["tenant", "user", "conversation", "key", "ip", "tool"]
"""Whose use is counted together; a model call is counted by none of the last two."""


class Amount(msgspec.Struct, frozen=True, omit_defaults=True):
    """Calls, tokens and nano-dollars."""

    calls: int = 0
    tokens: int = 0
    usd: int = 0


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """Ceilings of one window; None where there is none.

    ``who`` names the one it is for, such as ``user:anna``; empty means each of them by itself.
    Windows of ``every`` seconds begin at the same instants for everyone. ``guard`` says that it
    guards money for everyone, nobody having asked for it: it concerns only calls that cost some.
    """

    per: Per
    every: float
    who: str = ""
    calls: int | None = None
    tokens: int | None = None
    usd: int | None = None
    guard: bool = False


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What one call wants of one quota, counted under ``scope``."""

    scope: str
    quota: Quota

    def exceeded(self, used: Amount, more: Amount) -> bool:
        """Tell whether ``more`` on top of what is used goes over a ceiling."""
        quota = self.quota
        return any(
            limit is not None and have + add > limit
            for limit, have, add in (
                (quota.calls, used.calls, more.calls),
                (quota.tokens, used.tokens, more.tokens),
                (quota.usd, used.usd, more.usd),
            )
        )


class Settlement(msgspec.Struct, frozen=True):
    """What one call used beyond what was taken at an instant; less than nothing is given back."""

    wants: Sequence[Wanted]
    at: float
    more: Amount


class Taken(msgspec.Struct, frozen=True):
    """What was wanted was added at an instant of the store; what is used of each window with it."""

    at: float
    used: Sequence[Amount]


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A quota has no room: how much is used, and in how many seconds its window ends."""

    wanted: Wanted
    used: Amount
    ends_in: float


def plus(one: Amount, other: Amount) -> Amount:
    """Return the sum of two amounts."""
    return Amount(one.calls + other.calls, one.tokens + other.tokens, one.usd + other.usd)


def less(one: Amount, other: Amount) -> Amount:
    """Return what remains of an amount without another."""
    return Amount(one.calls - other.calls, one.tokens - other.tokens, one.usd - other.usd)


def refused(wants: Sequence[tuple[Wanted, Amount]], more: Amount, now: float) -> Refused | None:
    """Return the window without room that ends last, so that coming back then is not in vain.

    Args:
        wants: What is wanted, with what is used of each.
        more: What is to be added to every one of them.
        now: The instant.
    """
    full = [
        Refused(wanted=one, used=used, ends_in=begins(now, one.quota.every) + one.quota.every - now)
        for one, used in wants
        if one.exceeded(used, more)
    ]
    return max(full, key=lambda one: one.ends_in, default=None)


DAY = 86_400.0
"""Seconds of a day."""

_REMEMBERED = 20
"""Days for which windows of a day are kept, so that habits are known."""


def kept(every: float) -> float:
    """Return for how many seconds from its beginning on a window is kept."""
    return _REMEMBERED * DAY if every == DAY else 2 * every


def begins(now: float, every: float) -> float:
    """Return when the window began in which an instant lies."""
    return now // every * every


def wanted(request: ModelRequest, quotas: Sequence[Quota]) -> tuple[Wanted, ...]:
    """Return the quotas that count for a request, each scope and window once."""
    found: dict[tuple[str, float], Wanted] = {}
    for quota in quotas:
        for scope in _scopes(request, quota.per):
            if quota.who in ("", scope.partition("=")[2]):
                key = (f"{scope}@{quota.who}" if quota.who else scope, quota.every)
                known = found.get(key)
                tighter = quota if known is None else _tighter(known.quota, quota)
                found[key] = Wanted(scope=key[0], quota=tighter)
    return tuple(found[key] for key in sorted(found))


def _tighter(one: Quota, other: Quota) -> Quota:
    """Return two quotas of one window as one."""
    return msgspec.structs.replace(
        one,
        calls=_least(one.calls, other.calls),
        tokens=_least(one.tokens, other.tokens),
        usd=_least(one.usd, other.usd),
    )


def _least(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _scopes(request: ModelRequest, per: Per) -> Iterator[str]:
    if per == "tenant" and request.tenant:
        yield f"tenant={request.tenant}"
    elif per == "conversation" and request.conversation:
        yield f"conversation={request.conversation}"
    elif per in ("user", "key") and request.subject.startswith(f"{per}:"):
        yield f"{per}={request.subject}"


def refusal(refused: Refused) -> KapellError:
    """Return the error of a refused call: whose quota, which ceiling, and when to come back."""
    quota = refused.wanted.quota
    shown = []
    if quota.calls is not None:
        shown.append(f"{refused.used.calls:,} of {quota.calls:,} calls")
    if quota.tokens is not None:
        shown.append(f"{refused.used.tokens:,} of {quota.tokens:,} tokens")
    if quota.usd is not None:
        shown.append(f"{money(refused.used.usd)} of {money(quota.usd)}")
    whose = refused.wanted.scope.partition("=")[2].partition("@")[0]
    if quota.guard:
        return _limit_of_money(refused, whose)
    return failure(
        "quota_spent",
        f"The quota of {quota.per} {whose!r} has no room for this call: "
        f"{', '.join(shown)} are used or set aside within {span_text(quota.every)}.",
        advice=f"Come back in {span_text(max(refused.ends_in, 1.0))}, or raise the quota under "
        "`quotas:` in kapell.yaml.",
        retry_after=max(refused.ends_in, 0.0),
    )


def _limit_of_money(refused: Refused, whose: str) -> KapellError:
    quota = refused.wanted.quota
    return failure(
        "cost_limit",
        f"The cost limit of {quota.per} {whose!r} has no room for this call: "
        f"{money(refused.used.usd)} of {money(quota.usd or 0)} are used or set aside within "
        f"{span_text(quota.every)}.",
        advice=f"Raise `limits.cost.{quota.per}` in kapell.yaml, or come back in "
        f"{span_text(max(refused.ends_in, 1.0))}; then go on with: kapell runs retry RUN.",
        retry_after=max(refused.ends_in, 0.0),
    )
