"""monty: a Python of its own that has no world to reach, kept warm beside us."""
