"""Web pages: fetched as a polite visitor, read as a person would."""
