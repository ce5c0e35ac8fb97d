"""What a text is about, and in which language it is written."""
