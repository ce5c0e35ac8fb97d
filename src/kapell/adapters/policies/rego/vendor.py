"""regopy, loaded after RE2: it brings a C++ library of its own, on which RE2 would end the process.

Whoever loads them the other way round dies as soon as RE2 compiles an expression.
"""

import re2 as _first  # noqa: F401 - only to be there before the next line
import regopy
from regopy import RegoError, rego_shared

__all__ = ["RegoError", "rego_shared", "regopy"]
