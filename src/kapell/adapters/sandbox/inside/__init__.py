"""What runs inside a sandbox: it stands alone, knows only the standard library, and is sent in."""
