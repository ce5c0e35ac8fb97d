"""What runs in the child process of ``sql.query``: light, for it starts with every call."""
