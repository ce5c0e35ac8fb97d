"""Docker: a container for each program, over the daemon's own HTTP API."""
