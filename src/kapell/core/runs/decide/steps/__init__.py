"""What becomes of one step run: it begins, calls, waits, pays, ends well or fails.

Only ``decide`` itself imports from here; nothing here knows scopes, time or commands.
"""
