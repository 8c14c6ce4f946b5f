"""SQLite's file, opened by the driver itself: half of what a start costs is importing SQLAlchemy, and it is not needed
to read and write rows. Whoever needs it (migrations, comparing tables) gets an engine over the same file.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.errors import StopError
from connector.locale import N_

if TYPE_CHECKING:
    from sqlalchemy import Engine

PATIENCE: Final = 30.0
"""Seconds that a writer waits for another one before it says that the store is busy."""

_OLDEST: Final = (3, 37, 0)  # RETURNING, STRICT
_WAL_PAUSE: Final = 0.02  # seconds between two attempts to switch a file to WAL
_ADDRESS: Final = re.compile(r"sqlite(?:\+pysqlite)?:///(?P<path>[^?:][^?]*)\Z")
_PRAGMAS: Final = (
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "cache_size=-16384",
    "temp_store=FILE",
    "wal_autocheckpoint=4000",
)


@dataclass(frozen=True)
class SqliteFile:
    """Where the store lies, and how many seconds a writer waits for another one."""

    path: str
    patience: float

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            Path(self.path).absolute(), timeout=self.patience, isolation_level=None, check_same_thread=False
        )
        try:
            prepare(connection, self.patience)
        except BaseException:
            connection.close()
            raise
        return connection

    def engine(self) -> Engine:
        """SQLAlchemy's engine over this file."""
        from connector.store.engine import sqlite_engine

        return sqlite_engine(f"sqlite:///{self.path}", self.patience)


def sqlite_file(url: str, patience: float) -> SqliteFile | None:
    """The file that an address names; None for an address of something else, or one that needs a closer look.

    StopError where the driver is too old for our tables.
    """
    found = _ADDRESS.match(url)
    if found is None:
        return None
    refuse_old()
    return SqliteFile(found["path"], patience)


def refuse_old() -> None:
    if sqlite3.sqlite_version_info < _OLDEST:
        raise StopError(
            N_("SQLite {found} is too old: {oldest} or later is needed; install a newer Python"),
            found=sqlite3.sqlite_version,
            oldest=".".join(str(part) for part in _OLDEST),
        )


def prepare(connection: sqlite3.Connection, patience: float) -> None:
    """What every connection is told first."""
    connection.isolation_level = None
    connection.execute("PRAGMA page_size=16384")  # of a new file; rows of a link are long, and fewer pages are written
    use_wal(connection, patience)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def use_wal(
    connection: sqlite3.Connection,
    patience: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Two programs that make a store at once meet here, and SQLite does not wait for this lock by itself."""
    end = clock() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or clock() >= end:
                raise
            sleep(_WAL_PAUSE)
        else:
            return


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction of the one writer. The driver's own, deferred ones lose updates silently (dependencies W2)."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
