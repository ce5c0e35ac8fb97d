"""Skills of the workspace, read by agents when they need them."""
