"""PostgreSQL's errors in the words of the error tree."""

from __future__ import annotations

import psycopg
from psycopg import errors

from pycaddy.errors import (
    LedgerBusyError,
    LedgerDamagedError,
    LedgerError,
    LedgerStorageError,
    LedgerUnreachableError,
)

__all__ = ["is_conflict", "is_passing", "translate"]

# What a server says that will be there in a while; it cannot be told by a code before the login.
_PASSING = ("starting up", "shutting down", "not yet accepting", "recovery", "too many", "slots")


def is_conflict(error: psycopg.Error) -> bool:
    """Whether the server has taken the transaction back because of another one."""
    return isinstance(error, (errors.SerializationFailure, errors.DeadlockDetected))


def is_passing(error: psycopg.Error) -> bool:
    """Whether the connection is lost, or was not made, for a reason that may pass."""
    if not isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
        return False
    if error.sqlstate is not None:
        return error.sqlstate.startswith("08") or error.sqlstate in (
            "57P01",  # the server is shut down
            "57P02",  # another process of it has crashed
            "57P03",  # it is starting
            "25P03",  # we slept in the middle of a transaction
            "53300",  # too many connections
        )
    message = str(error)
    return "FATAL" not in message or any(text in message for text in _PASSING)


def translate(error: psycopg.Error, address: str) -> LedgerError:
    """Return the LedgerError that *error* stands for."""
    what = (error.diag.message_primary or str(error).strip().rpartition("\n")[2]).rstrip(".")
    if isinstance(error, errors.InsufficientPrivilege):
        return LedgerError(
            f"The ledger {address} refuses the role: {what}. Its owner grants what is missing; "
            "docs/postgres.md lists it.",
            ledger=address,
        )
    if isinstance(error, (errors.DiskFull, errors.ReadOnlySqlTransaction, errors.IoError)):
        return LedgerStorageError(
            f"The ledger {address} was not changed: {what}. What was acknowledged before is kept.",
            ledger=address,
        )
    if isinstance(error, (errors.LockNotAvailable, errors.QueryCanceled)):
        return LedgerBusyError(
            f"The ledger {address} has been busy for too long: {what}. See who: "
            "SELECT * FROM pg_stat_activity",
            ledger=address,
        )
    if isinstance(error, (errors.UndefinedTable, errors.UndefinedColumn, errors.DataCorrupted)):
        return LedgerDamagedError(
            f"The ledger {address} is damaged: {what}. Restore the database from a backup.",
            ledger=address,
        )
    if error.sqlstate is None and isinstance(error, psycopg.OperationalError):
        return LedgerUnreachableError(
            f"The ledger {address} cannot be reached: {what}. See whether the server runs "
            "(`pycaddy ledger up` starts one of your own) and lets this role in: psql with the "
            "same URL.",
            ledger=address,
        )
    return LedgerError(f"The ledger {address}: {what}.", ledger=address)
