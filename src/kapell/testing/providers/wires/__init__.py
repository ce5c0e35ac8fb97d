"""The vendors' wires: a request body read as a call, an answer written as the vendor writes it."""
