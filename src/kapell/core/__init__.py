"""The pure floor: definitions, compiled versions, and the machines that decide.

Values in, decisions out: no I/O, no clock, no randomness, no event loop, so that the same
input decides the same everywhere and for ever. Imports only the kit. Every floor above may
import it; rooms in it never import each other in a circle.
"""
