"""Models for tests: answers from a file."""
