"""Limits: requests counted before they are let in, calls of tools before they are made."""
