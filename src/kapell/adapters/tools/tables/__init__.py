"""Tables: CSV, TSV and JSON lines, read as a stream and written whole."""
