"""Sandboxes: where programs that nobody vouches for are run, and how one is chosen."""
