"""Advancing: workers own runs, decide what follows, store it, and carry the effects out."""
