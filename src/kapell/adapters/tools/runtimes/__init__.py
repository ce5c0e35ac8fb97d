"""Agents that are no model: objects of other frameworks, and programs in a terminal.

Only versions call these tools; ``core.workflows.runtimes`` says with which arguments.
"""
