"""Kapell conducts teams of AI agents: durable workflows over one append-only event log.

The package is a house of floors. Code on a floor imports only from floors below it:
``api | cli | worker`` > ``bootstrap`` > ``settings | adapters | testing`` >
``services | projections`` > ``core`` > ``kit``. Every floor's docstring says what it is
and who may import it; import-linter holds the direction.

What authors of tools import stands here: ``from kapell import tool``.
"""

from kapell.core.tools.declaring import Secret, ToolContext, tool

__all__ = ["Secret", "ToolContext", "tool"]
