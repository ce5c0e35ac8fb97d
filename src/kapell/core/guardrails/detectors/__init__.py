"""What a detector is, and expressions of an author's own."""
