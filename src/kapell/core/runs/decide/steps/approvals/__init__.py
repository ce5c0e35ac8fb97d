"""Asking people: about a step that wants an answer, and about calls that a gate holds."""
