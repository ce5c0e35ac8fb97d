"""JSON queries whose cost has an end."""
