"""A rate as a bucket: it holds some calls' worth, refills steadily, and a call takes one."""

import msgspec

_MINUTE = 60.0


class Bucket(msgspec.Struct, frozen=True):
    """What is left of a rate at a time; a new bucket is full."""

    left: float
    at: float


def full(rate: int, now: float) -> Bucket:
    """Return a bucket nothing was taken from."""
    return Bucket(_size(rate), now)


def taken(bucket: Bucket, rate: int, now: float) -> Bucket:
    """Return the bucket after one more call."""
    return Bucket(_left(bucket, rate, now) - 1.0, now)


def free_at(bucket: Bucket, rate: int, now: float) -> float:
    """Return when a call may be made; not later than now when one may."""
    missing = 1.0 - _left(bucket, rate, now)
    return now if missing <= 1e-9 else now + missing * _MINUTE / rate


def _size(rate: int) -> float:
    """Return how many calls may come at once: two seconds' worth, so that bursts stay small."""
    return max(1.0, rate / 30.0)


def _left(bucket: Bucket, rate: int, now: float) -> float:
    refilled = max(now - bucket.at, 0.0) * rate / _MINUTE
    return min(bucket.left + refilled, _size(rate))
