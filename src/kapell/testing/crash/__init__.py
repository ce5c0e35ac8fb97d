"""The crash harness: real worker processes, forked in milliseconds, killed where a test says.

``python -m kapell.testing.crash`` is a server that has imported everything and forks workers on
request; ``ForkServer`` starts it and speaks to it; ``broken_rules`` tells which invariants a run's
log breaks.
"""
