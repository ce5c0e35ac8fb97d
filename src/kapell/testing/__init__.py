"""Fakes that ship: what our tests use, users' tests may use too.

Every fake implements a port and passes the same contract tests as the real adapters.
Imports services, core and kit, never an adapter. Bootstrap and tests import it.
"""
