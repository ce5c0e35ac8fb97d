"""The one place that wires ports to adapters; entry points ask it for what they need.

It is a folder because not everyone needs everything: ``definitions`` reads a workspace and is
light enough for ``validate``; ``app`` opens the whole program and loads a database. Importing the
folder loads neither.
"""
