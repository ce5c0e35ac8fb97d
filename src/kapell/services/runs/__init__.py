"""Runs: starting them, advancing them, telling them things, reading them, and the ports for it."""
