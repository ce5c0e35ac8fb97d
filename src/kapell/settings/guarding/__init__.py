"""The sections of the settings about what guards calls."""
