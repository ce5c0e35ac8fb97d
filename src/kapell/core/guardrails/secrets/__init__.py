"""Detectors of keys, tokens and passwords, one module per thing."""
