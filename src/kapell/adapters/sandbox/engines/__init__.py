"""SQL engines, each in a child process of its own."""
