"""A loopback mail server: SMTP with STARTTLS, TLS and log-in; it keeps what it is given."""
