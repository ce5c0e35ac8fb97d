"""Folding: one small function per event, a table that picks it. No decision is taken here."""

from kapell.core.runs.fold.evolve import begin, evolve, fold

__all__ = ["begin", "evolve", "fold"]
