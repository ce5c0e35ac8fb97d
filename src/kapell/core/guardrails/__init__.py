"""Content guardrails, pure: what is found in texts, what is done about it, where data came from."""
