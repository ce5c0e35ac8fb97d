"""Authored files as data with places: what workflows, agents and settings are read with.

Text becomes a tree whose every value knows its line and column; a tree becomes typed authored
values; whatever is wrong on the way is collected, so that an author sees all of it at once.
Pure: text in, values out. Every room of the core may import it; it imports only the kit.
"""
