"""The audit record, pure: what is told of an act, and a chain that shows when it was changed."""
