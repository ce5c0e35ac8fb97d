"""Other ways to read a text: what is hidden by look-alikes, escapes, encodings or spelling."""
