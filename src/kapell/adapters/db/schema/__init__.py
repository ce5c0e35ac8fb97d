"""What a database of this release looks like: its revision, its tables, what a sound one answers.

Knows no driver; both databases and the upgrade import it.
"""
