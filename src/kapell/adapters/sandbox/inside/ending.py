"""How a SQL program ends when it does not end well."""


class TooMuch(Exception):
    """A limit was reached; its name is the argument."""


class Failed(Exception):
    """The program is wrong, and this is what the engine says."""
