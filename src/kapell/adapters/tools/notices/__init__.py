"""Notices to people: a line in the log, or a message to a webhook that the settings name."""
