"""Lends the contract suite's places to tests that choose their databases themselves."""

from tests.contract.stores.conftest import _database, place

__all__ = ["_database", "place"]
