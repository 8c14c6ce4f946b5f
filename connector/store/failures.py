"""What a database says when something is wrong, as errors of ours: sentences without addresses, statements or values.

Constraint violations that the engine may meet on its way have names of their own; any other refusal is a defect of
ours. The driver's error is not kept as the cause, for PostgreSQL tells whole rows in it; its words stand in a note.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from connector.errors import ConnectorError, StopError, Unavailable
from connector.locale import N_


class AlreadyLinked(ConnectorError):
    """The database refused a second link: of an external id, or a second primary one of a record (invariant 4).

    The transaction it happened in is lost: catch it outside.
    """


class AlreadyOpen(ConnectorError):
    """The database refused a second open operation of one kind for a record, or a second open conflict of one field.

    The transaction it happened in is lost: catch it outside.
    """


class Damaged(StopError):
    """The file of the store cannot be read as a database: exit code 2, for a person must restore a backup."""


class Outdated(StopError):
    """The tables of the store are of another version of the connector: exit code 2, for a person must upgrade."""


class StatementRefused(RuntimeError):
    """The database refused a statement for a reason that no person can mend: a defect of the connector."""


_Answer = tuple[type[ConnectorError], str]

UNREACHABLE: Final[_Answer] = (
    Unavailable,
    N_("the store cannot be opened: check `store:` in connector.yaml and its server"),
)
_BUSY: Final[_Answer] = (
    Unavailable,
    N_("the store is busy: another program has been writing to it for too long; try again when it has finished"),
)
_FULL: Final[_Answer] = (
    StopError,
    N_("the disk of the store is full: free some space and run again; nothing of the last step was kept"),
)
_READ_ONLY: Final[_Answer] = (
    StopError,
    N_("the store may only be read: allow writing to its file and folder, or to its database"),
)
_DISK: Final[_Answer] = (
    StopError,
    N_("the disk of the store does not answer as it should: check it, then run `connector db check`"),
)
_DAMAGED: Final[_Answer] = (
    Damaged,
    N_("the file of the store is damaged or is no store at all: restore a backup with `connector db restore`"),
)
_UNMADE: Final[_Answer] = (StopError, N_("the store has no tables yet: run `connector db upgrade`"))
_DENIED: Final[_Answer] = (
    StopError,
    N_("the database refuses the name, the password or the rights: check `store:` in connector.yaml"),
)
_NO_DATABASE: Final[_Answer] = (
    StopError,
    N_("there is no such database: create it, or correct `store:` in connector.yaml"),
)
_ODD_TEXT: Final[_Answer] = (
    StopError,
    N_("a text holds the character NUL, which no database can hold: correct it in the system it came from"),
)

_SQLITE: Final[dict[int, _Answer]] = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_CANTOPEN: UNREACHABLE,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_IOERR: _DISK,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}
_POSTGRES: Final[dict[str, _Answer]] = {
    "08": UNREACHABLE,
    "57": UNREACHABLE,  # shut down, crashed, starting, or the statement was cancelled
    "53": UNREACHABLE,  # too many connections, out of memory
    "55P03": _BUSY,
    "40": _BUSY,  # deadlock, serialization
    "53100": _FULL,
    "25006": _READ_ONLY,
    "58": _DISK,
    "XX": _DAMAGED,
    "42P01": _UNMADE,
    "42501": _DENIED,
    "28": _DENIED,
    "3D000": _NO_DATABASE,
}
_CONSTRAINTS: Final[dict[str, _Answer]] = {
    "uq_link_feed_external_id": (AlreadyLinked, N_("this external id is already linked to a record")),
    "uq_link_primary": (AlreadyLinked, N_("the record already has its primary link there")),
    "uq_operation_open": (AlreadyOpen, N_("the record already has an open operation of this kind there")),
    "uq_conflict_open": (AlreadyOpen, N_("this question about the record is already open")),
}


@contextmanager
def spoken() -> Iterator[None]:
    """Errors of the database driver leave the block as errors of ours."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, sqlite3.Error) and not _is_wrapped(error):
            raise
        named = failure(error)
        if named is None:
            raise StatementRefused(_words(error)) from None
        named.add_note(_words(error))
        raise named from None


def failure(error: BaseException) -> ConnectorError | None:
    """The error of ours for an error of a driver; None for one that is a defect of the connector."""
    cause = _cause(error)
    if isinstance(cause, sqlite3.Error):
        answer = _of_sqlite(cause)
    else:
        answer = _of_postgres(cause, getattr(error, "connection_invalidated", False))
    return None if answer is None else answer[0](answer[1])


def _is_wrapped(error: BaseException) -> bool:
    """Whether it is a driver's error as SQLAlchemy hands it on; where that was never imported, it is none."""
    loaded = sys.modules.get("sqlalchemy.exc")
    return loaded is not None and isinstance(error, loaded.DBAPIError)


def _cause(error: BaseException) -> Any:
    return error.orig if _is_wrapped(error) else error  # type: ignore[attr-defined]


def _words(error: BaseException) -> str:
    """What the database said, without the details that may hold somebody's data."""
    cause = _cause(error)
    primary = getattr(getattr(cause, "diag", None), "message_primary", None)
    return str(primary or cause).partition("\n")[0]


def odd_text() -> ConnectorError:
    """A text that cannot be stored (NUL): PostgreSQL refuses it, and SQLite's JSON functions cut it short."""
    return _ODD_TEXT[0](_ODD_TEXT[1])


def _of_sqlite(cause: sqlite3.Error) -> _Answer | None:
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None:
        return None
    if code & 0xFF == sqlite3.SQLITE_CONSTRAINT:
        columns = str(cause).partition("UNIQUE constraint failed: ")[2]
        return _CONSTRAINTS.get(_names().get(columns, ""))
    if code == sqlite3.SQLITE_ERROR and str(cause).startswith("no such table"):
        return _UNMADE
    return _SQLITE.get(code & 0xFF)


def _of_postgres(cause: Any, disconnected: bool) -> _Answer | None:
    state: str | None = getattr(cause, "sqlstate", None)
    if state == "23505":
        return _CONSTRAINTS.get(cause.diag.constraint_name or "")
    if state is None:
        if "NUL (0x00)" in str(cause):
            return _ODD_TEXT
        return UNREACHABLE if disconnected or type(cause).__name__ == "OperationalError" else None
    return _POSTGRES.get(state) or _POSTGRES.get(state[:2])


@cache
def _names() -> dict[str, str]:
    """SQLite names the columns of a broken constraint, not the constraint."""
    from sqlalchemy import Index, UniqueConstraint

    from connector.store.tables import metadata

    found: dict[str, str] = {}
    for table in metadata.tables.values():
        for item in (*table.constraints, *table.indexes):
            if isinstance(item, UniqueConstraint) or (isinstance(item, Index) and item.unique):
                columns = ", ".join(f"{table.name}.{column.name}" for column in item.columns)
                found[columns] = str(item.name)
    return found
