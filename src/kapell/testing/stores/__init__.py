"""The store in memory: the same ports and the same contract suite as the real ones, no file.

Its clock can be set, so that timers and leases need no waiting.
"""

from kapell.testing.stores.memory import MemoryStore

__all__ = ["MemoryStore"]
