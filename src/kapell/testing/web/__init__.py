"""A loopback web: pages, robots.txt, and searches in the words of three providers.

It runs inside a test or as a process: ``python -m kapell.testing.web FOLDER``.
"""
