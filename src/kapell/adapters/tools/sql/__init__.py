"""SQL over files: DuckDB for tables, SQLite for its own databases, each in a process of its own."""
