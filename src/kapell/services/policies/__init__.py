"""Policies: judges behind a port, and the gate they hold at the doors."""
