"""Commands about files: making a workspace, checking it, listing what it holds."""
