"""Detectors of orders that should not be followed: signals, never the whole defence."""
