"""PostgreSQL's failures in the words of our error tree.

The text is built from the SQLSTATE and the names of schema objects alone: messages and details of PostgreSQL, and
asyncpg's own "invalid input for query argument", quote row values, which may be a person's data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import asyncpg

from careloom.core.errors import (
    AccessRefused,
    CareloomError,
    ConfigurationError,
    Contention,
    PermanentError,
    Unavailable,
)

_Make = Callable[[str], CareloomError]

# PostgreSQL manual, appendix A (error codes): the first matching prefix decides.
_BY_SQLSTATE: tuple[tuple[str, _Make, str], ...] = (
    ("40001", Contention, "two transactions met; try again"),
    ("40P01", Contention, "a deadlock was broken; try again"),
    ("55P03", Contention, "a lock is held by another session; try again"),
    ("40003", Unavailable, "the end of the transaction is unknown; check before sending again"),
    ("08", Unavailable, "the connection was lost; it is made again by itself"),
    ("53100", Unavailable, "the disk of the database is full; free or add space"),
    ("53300", Unavailable, "the database has no connection left; raise max_connections or lower the pool size"),
    ("53", Unavailable, "the database is out of a resource; look at its memory and disk"),
    ("57P", Unavailable, "the database is starting, stopping or recovering"),
    ("57014", Unavailable, "the statement was cancelled, by a timeout or by an operator"),
    ("58", Unavailable, "the database's own disk or files failed; look at its log at once"),
    ("25006", Unavailable, "the database is read-only, as a standby is; point Careloom at the primary"),
    ("28", AccessRefused, "the database refuses these credentials; check user and password"),
    ("42501", AccessRefused, "the database role lacks a right; grant it"),
    ("3D000", ConfigurationError, "the database does not exist; create it or correct its name"),
    ("XX001", PermanentError, "a page of the database is damaged; stop and restore it"),
    ("XX002", PermanentError, "an index of the database is damaged; rebuild it with REINDEX"),
    ("23", PermanentError, "a constraint refused the row"),
    ("", PermanentError, "the database refused the statement"),
)

# asyncio's time-out is an OSError.
DRIVER_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

BAD_ADDRESS = "the address of the database is not valid; write postgresql://user:password@host:port/database"

# The last: what asyncpg says of a connection that broke under a call. No two calls of ours share a connection.
_CONNECTION_GONE = (
    "connection is closed",
    "connection was closed",
    "pool is clos",
    "pool is not init",
    "switch to state",
)


def translate(error: BaseException) -> CareloomError:
    """The error of our tree for a failure of asyncpg or of the socket under it. Its text holds no row value."""
    if isinstance(error, CareloomError):
        return error
    if isinstance(error, asyncpg.PostgresError):
        return _from_postgres(error)
    if isinstance(error, OSError):
        return Unavailable(f"the database cannot be reached ({_reason(error)}); is PostgreSQL running?")
    if isinstance(error, asyncpg.ClientConfigurationError):
        return ConfigurationError(BAD_ADDRESS)
    driver = isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError)
    if driver and any(words in str(error) for words in _CONNECTION_GONE):
        return Unavailable("the connection to the database was lost; it is made again by itself")
    return PermanentError(f"the database driver refused the call ({type(error).__name__}); this is a bug, report it")


@contextmanager
def translated(*, connecting: bool = False) -> Iterator[None]:
    """Turn failures of the database inside the block into `CareloomError`s.

    `connecting` also takes every OSError and time-out as "cannot be reached", which is right only where nothing but
    connecting happens. A connection lost during COMMIT leaves open whether it took effect: repeat only what is
    idempotent.
    """
    try:
        yield
    except DRIVER_FAILURES as error:
        if isinstance(error, OSError) and not (connecting or isinstance(error, ConnectionError)):
            raise
        # Without its cause: the original's text and detail may quote a row.
        raise translate(error) from None


def _from_postgres(error: asyncpg.PostgresError) -> CareloomError:
    state = error.sqlstate or ""
    make, meaning = next((make, text) for prefix, make, text in _BY_SQLSTATE if state.startswith(prefix))
    return make(f"{meaning} (SQLSTATE {state or 'unknown'}{_where(error)})")


def _where(error: asyncpg.PostgresError) -> str:
    named = ((kind, getattr(error, f"{kind}_name", None)) for kind in ("schema", "table", "column", "constraint"))
    return "".join(f", {kind} {name}" for kind, name in named if name)


def _reason(error: OSError) -> str:
    return type(error).__name__ if error.errno is None else f"{type(error).__name__}, errno {error.errno}"
