"""The worker process: a thin entry point that claims runs and advances them.

Starts, beats, drains and stops; what it does with a run is a service's business. Nothing
imports it but the command that starts it in a process of its own.
"""
