"""Following a run: what is shown while it goes, who is asked, what is said at the end."""
