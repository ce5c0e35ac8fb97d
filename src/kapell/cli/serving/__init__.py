"""Commands that serve the workspace to other programs."""
