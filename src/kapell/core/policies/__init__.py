"""Policies, pure: what they are asked, and what they answer."""
