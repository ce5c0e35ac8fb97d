"""Where the head of the audit record is anchored, outside of the database."""
