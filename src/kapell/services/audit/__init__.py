"""Keeping the audit record up with the log, and verifying both."""
