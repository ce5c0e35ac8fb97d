"""Connections to Postgres, and how its errors become ours."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from kapell.adapters.db import faults
from kapell.adapters.db.schema.revision import VERSION_QUERY, check
from kapell.kit.errors import KapellError

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
_REFUSED = re.compile(r"Connect call failed \('([^']+)', (\d+)")
_NUMBER = re.compile(r"^\[Errno -?\d+\] ")

# A transaction of ours is short; one that is not has met a lock or a dead client.
_SETTINGS = {
    "application_name": "kapell",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    "jit": "off",
}

BROKEN: tuple[type[BaseException], ...] = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
)
"""The connection is gone or unusable: connect anew."""

PASSING: tuple[type[BaseException], ...] = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.UniqueViolationError,
)
"""Somebody else was in the way: the same again may work (a key may just have been used)."""


async def connect(url: str) -> asyncpg.Connection:
    """Open one connection.

    Raises:
        Unavailable: ``store_unreachable``; Invalid: ``store_url``.
    """
    with translated(), _readable():
        return await asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS,
            command_timeout=ANSWER_SECONDS,
            server_settings=_SETTINGS,
        )


async def make_pool(url: str, size: int) -> asyncpg.Pool:
    """Open a pool of connections.

    Raises:
        Unavailable: ``store_unreachable``; Invalid: ``store_url``.
    """
    with translated(), _readable():
        return await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            timeout=CONNECT_SECONDS,
            command_timeout=ANSWER_SECONDS,
            server_settings=_SETTINGS,
            reset=_nothing_to_reset,
        )


async def _nothing_to_reset(connection: asyncpg.Connection) -> None:
    """Leave a connection as it is: we set nothing on it and hold no lock beyond a transaction.

    The driver's own reset is a round trip after every use, a third of a short run's calls.
    """
    del connection


async def check_schema(connection: asyncpg.Connection) -> None:
    """Refuse a database of another schema.

    Raises:
        Conflict: ``database_outdated`` or ``database_newer``.
    """
    with translated():
        try:
            found = await connection.fetchval(VERSION_QUERY)
        except asyncpg.UndefinedTableError:
            found = ""
    check(str(found or ""))


@contextmanager
def _readable() -> Iterator[None]:
    """Turn what the driver says of an address it cannot read into our error."""
    try:
        yield
    except BROKEN:
        raise  # some of the driver's own errors are ValueErrors too
    except ValueError as error:
        # The driver's words may quote the address, and with it the password.
        raise faults.address_broken() from error


@contextmanager
def translated() -> Iterator[None]:
    """Turn Postgres's failures into errors of our tree."""
    try:
        yield
    except (asyncpg.PostgresError, *BROKEN) as error:
        raise surroundings(error) or faults.failed(_said(error)) from error


def surroundings(error: BaseException) -> KapellError | None:
    """Return our error when server, disk or locks are at fault; None when it is the data."""
    match error:
        case asyncpg.DiskFullError() | asyncpg.OutOfMemoryError():
            return faults.full()
        case asyncpg.ReadOnlySQLTransactionError() | asyncpg.InsufficientPrivilegeError():
            return faults.read_only()
        case asyncpg.LockNotAvailableError() | asyncpg.QueryCanceledError():
            return faults.locked()
        case asyncpg.DataCorruptedError() | asyncpg.IndexCorruptedError():
            return faults.broken(_said(error))
        case (
            asyncpg.InvalidAuthorizationSpecificationError()
            | asyncpg.InvalidCatalogNameError()
            | asyncpg.ClientConfigurationError()
        ):
            return faults.unreachable(_said(error))
        case asyncpg.UndefinedTableError() | asyncpg.UndefinedFunctionError():
            return faults.outdated("")
        case _ if isinstance(error, BROKEN):
            return faults.unreachable(_said(error))
    return None


def _said(error: BaseException) -> str:
    text = str(error).partition("\n")[0] or type(error).__name__
    refused = dict.fromkeys(f"{host}:{port}" for host, port in _REFUSED.findall(text))
    if refused:
        return f"nothing answers at {' and '.join(refused)}"
    return _NUMBER.sub("", text)
