"""bubblewrap: a real Python, Node or shell in namespaces of its own."""
