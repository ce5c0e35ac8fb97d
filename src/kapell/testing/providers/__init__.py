"""A loopback provider: speaks the wires of the vendors on this machine, with faults on demand.

It answers with a function of ours or the offline model, counts what it was asked under which
idempotency key, and runs inside a test or as a process: ``python -m kapell.testing.providers``.
"""
