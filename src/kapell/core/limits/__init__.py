"""Limits, pure: how often who may ask for something, and what is said when it is too often."""
