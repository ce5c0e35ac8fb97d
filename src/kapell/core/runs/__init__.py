"""Runs: the pure machine that carries a version out, as decisions over an append-only log.

``decide`` turns an input into events, ``evolve`` folds an event into the state; nothing here knows
a clock, a store or a model.
"""
