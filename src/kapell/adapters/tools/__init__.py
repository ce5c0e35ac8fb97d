"""The built-in tools: tables, files, JSON and HTTP.

They are confined to the run's folder, the workspace and the allowed hosts. Bootstrap alone imports
them; what only needs their descriptions takes ``specs``.
"""
