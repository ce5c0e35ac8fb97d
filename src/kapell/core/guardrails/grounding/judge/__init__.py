"""The judge model on top of the scorer."""
