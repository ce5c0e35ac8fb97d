"""Workflows: the language, from authored text to an immutable, hashed version.

``reading`` turns text into values with places, ``grammar`` says what is allowed, ``checks`` finds
what is wrong, ``compile`` makes the ``version`` that runs refer to.
"""
