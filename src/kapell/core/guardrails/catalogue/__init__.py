"""Which detectors there are."""
