"""Pricing: what a model costs, from the workspace's own prices first, then from bundled ones."""
