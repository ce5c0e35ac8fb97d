"""Pricing: what a call may cost and did cost, in nano-dollars."""
