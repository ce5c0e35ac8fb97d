"""Groundedness, pure: whether each sentence of an answer is held by the sources it was made from.

A deterministic scorer compares what a sentence says with the passages of the sources that speak of
the same: numbers with their units, dates, names, negations, opposites, and the words themselves.
The word lists are English; numbers, dates, names and quotes are compared in any language.
"""
