"""Rego judged by an OPA server, over its HTTP interface; its only speaker."""
