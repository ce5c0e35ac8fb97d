"""Answering what people are asked: one service for terminal, Python, API and channels."""
