"""Agents as a register: found by what they are for, linted, chosen for a task."""
