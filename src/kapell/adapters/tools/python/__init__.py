"""Python functions as tools: read by their signatures, called in threads, their output kept off."""
