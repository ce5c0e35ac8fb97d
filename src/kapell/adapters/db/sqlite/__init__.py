"""SQLite, the embedded store: one file, one writer thread a process, readers of their own."""
