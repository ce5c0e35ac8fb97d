"""Cases by which a workspace tests its policies."""
