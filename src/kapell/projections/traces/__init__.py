"""What a run looks like to tools that read traces: its spans, and their attributes."""
