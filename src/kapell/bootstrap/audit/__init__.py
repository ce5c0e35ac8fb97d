"""The audit record wired up."""
