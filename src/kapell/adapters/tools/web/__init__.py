"""HTTP requests to allowed hosts."""
