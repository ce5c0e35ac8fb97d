"""The rules of the queue that both databases follow."""

AGEING = 10.0
"""Seconds of waiting that weigh as much as one step of priority: nothing starves."""

FAR = 600.0
"""Seconds from now to a lease's end beyond which it has ended: nobody takes one so long, so the
clock was set back after it was written. Leases of more than a tenth of it push the bound out.
"""

FIRST_LEASE = 10.0
"""Seconds a worker has from its first claim until its first beat."""


def far(now: float, lease: float) -> float:
    """Return the latest end of a lease that one who takes leases so long believes."""
    return now + max(FAR, 10 * lease)
