"""What a workspace and its surroundings set: ``kapell.yaml`` and the environment, read once.

Two halves share one file. What speaks the language of workflows (model, routes, budget, retries)
is read by the language's own reader, which is light enough for ``validate``. Everything about how
the program runs is read by pydantic. Only bootstrap imports this floor; others take the values.
"""

FILE = "kapell.yaml"
"""The name of a workspace's settings."""
