"""Linting of agents: what is odd about a role's words, tools and schema, one rule a function."""
