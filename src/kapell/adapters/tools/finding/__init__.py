"""Finding files of a run and its workspace, and lines in them."""
