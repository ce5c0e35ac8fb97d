"""Which tools a workspace has besides the built-in ones, found out without importing them here."""
