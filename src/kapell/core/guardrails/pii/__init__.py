"""Detectors of personal data, one module per thing."""
