"""Searching the web, with whoever the settings name."""
