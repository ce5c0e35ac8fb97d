"""What every child process that asks DuckDB agrees on: how it is locked, and cells as JSON.

Here as data, for those processes belong to adapters that must not know each other.
"""

import base64
import decimal
import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

_LEAST = 32
_SAFE = 2**63


def config(memory: int) -> dict[str, Any]:
    """Return what DuckDB is opened with: bounded, and nothing fetched or written for it."""
    return {
        "memory_limit": f"{max(memory // 2**20, _LEAST)}MiB",
        "threads": 1,
        "temp_directory": "",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }


def locks(folder: str) -> tuple[str, ...]:
    """Return the statements after which DuckDB reads one folder and no setting changes any more."""
    place = folder.replace("'", "''")
    return (
        f"SET allowed_directories = ['{place}/']",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    )


def cell(value: object) -> object:
    """Return a cell as JSON has it: numbers as numbers where they stay what they are.

    Times become ISO texts, spans seconds, bytes base64; a number that is none becomes null.
    """
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if -_SAFE <= value < _SAFE else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, decimal.Decimal):
        return _number(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {str(key): cell(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set):
        return [cell(one) for one in value]
    iso = getattr(value, "isoformat", None)
    return iso() if iso is not None else str(value)


def _number(value: decimal.Decimal) -> object:
    if not value.is_finite():
        return None
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= 0 and value.adjusted() < 20:
        return cell(int(value))
    nearest = float(value)
    exact = math.isfinite(nearest) and decimal.Decimal(repr(nearest)) == value
    return nearest if exact else str(value)
