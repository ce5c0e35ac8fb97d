"""The use-case floor: what the product does, and the ports (Protocols) it needs for that.

A service knows ports, never vendors: it asks for an event log or a model and is handed one.
Imports core and kit. Bootstrap hands it its adapters; entry points call it; adapters and
testing import the ports it declares.
"""
