"""E2B: a machine of its own for each program, over its HTTP API."""
