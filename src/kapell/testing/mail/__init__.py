"""A loopback mail server: SMTP with STARTTLS, TLS and log-in; it keeps what it is given.

It runs inside a test or as a process: ``python -m kapell.testing.mail FOLDER``.
"""
