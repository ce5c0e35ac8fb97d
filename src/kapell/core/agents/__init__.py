"""Agents: what a role is, as frozen data pinned by the versions that use it."""
