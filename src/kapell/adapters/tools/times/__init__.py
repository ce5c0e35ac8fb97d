"""What time it is: kept as a result, so that a replay sees the same."""
