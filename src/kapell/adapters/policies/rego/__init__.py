"""Rego judged in this process by regopy; its only speaker."""
