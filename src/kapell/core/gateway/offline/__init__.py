"""The offline model: an honest, deterministic stand-in for trying things without a key.

It counts words and copies sentences; it does not think, and says so. Pure: the same request gives
the same answer on every machine and Python version (no hashes, no sets in an order-giving place).
"""
