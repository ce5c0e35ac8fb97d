"""Sealing of keys: AES-GCM with a master key, or nothing at all where a developer asks for it."""
