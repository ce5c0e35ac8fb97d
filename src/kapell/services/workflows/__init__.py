"""The workspace: finds the files authors wrote and turns them into versions.

Pure work is done in ``core.workflows`` and ``core.agents``; this room resolves what one file names
in another, through a port for files, and keeps what it has compiled until a file changes.
"""
