"""Commands for whoever keeps Kapell going."""
