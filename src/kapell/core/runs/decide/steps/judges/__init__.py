"""The judge of an answer: asked between the answer and its use."""
