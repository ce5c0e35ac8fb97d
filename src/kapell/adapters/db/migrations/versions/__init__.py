"""The revisions in order; their numbers have four digits and only grow."""
