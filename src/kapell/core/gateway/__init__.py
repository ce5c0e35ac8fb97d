"""Gateway: what is asked of models and what they answer, as data."""
