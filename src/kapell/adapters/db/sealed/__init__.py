"""What lies sealed in a database: keys of providers, and personal data behind its names."""
