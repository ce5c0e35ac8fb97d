"""Tools that ship for tests and measurements: they do nothing, fail, wait or count."""
