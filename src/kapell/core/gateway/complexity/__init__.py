"""Complexity: how hard a prompt is, told from its words alone, so that a route may choose by it.

Pure and deterministic: the same prompt and rules give the same choice on every machine.
"""
