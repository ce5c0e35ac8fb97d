"""Comparisons of a sentence with what its sources say."""
