"""The command line: a thin entry point over bootstrap.

Parses words, calls a service, shows a view. Nothing imports it. It loads heavy libraries only
on use, so that ``--help`` and ``validate`` answer at once.
"""
