"""The input document of a question: what a rule may read, as published in ``schema/``."""
