"""Fakes of sandboxes that are elsewhere: they speak the HTTP APIs of Docker and E2B over loopback.

What a container or a machine would do, a process under bubblewrap does: no more is shown by them
than that the adapters speak these APIs as they are written.
"""
