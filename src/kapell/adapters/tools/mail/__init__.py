"""Mail over SMTP: to allowed recipients, over TLS, each message known by the key of its call."""
