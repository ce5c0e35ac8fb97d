"""The only speaker to Redis."""
