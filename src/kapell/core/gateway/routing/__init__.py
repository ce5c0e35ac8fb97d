"""Routes: which deployment of a model is asked next, and why; decisions as pure functions."""
