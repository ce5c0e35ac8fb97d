"""The rules of the queue that both databases follow."""

AGEING = 10.0
"""Seconds of waiting that weigh as much as one step of priority: nothing starves."""

FIRST_LEASE = 10.0
"""Seconds a worker has from its first claim until its first beat."""
