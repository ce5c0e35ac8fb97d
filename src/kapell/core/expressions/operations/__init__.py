"""The operations expressions are made of: every one pays the meter before it works.

Nothing else is ever called while an expression is worked out; values are JSON before and after.
"""
