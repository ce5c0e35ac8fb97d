"""Tools: what a tool says of itself, as data."""
