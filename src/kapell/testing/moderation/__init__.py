"""Moderation without a service: a fake, and a server on loopback that speaks OpenAI's interface."""
