"""Guards at the doors to models and tools."""
