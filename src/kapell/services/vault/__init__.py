"""Vault: keys of providers and tools, sealed at rest, each use of them on record."""
