"""Sandboxes: monty, bubblewrap, SQL engines, Docker, E2B behind one port.

What ran inside is never trusted: its files, its result and its report are read as a stranger's.
"""
