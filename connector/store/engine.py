"""The engine for `store:` of connector.yaml: its address, and what every connection is told first."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from connector.errors import ConfigError, StopError
from connector.locale import N_

PATIENCE: Final = 30.0
"""Seconds that a writer waits for another one before it says that the store is busy."""

_OLDEST_SQLITE: Final = (3, 37, 0)  # RETURNING, STRICT
_WAL_PAUSE: Final = 0.02  # seconds between two attempts to switch a file to WAL
_DRIVERS: Final = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")
_LONGEST_NAME: Final = 63  # bytes of an identifier in PostgreSQL


def make_engine(url: str, patience: float = PATIENCE) -> tuple[Engine, str | None]:
    """The engine for `store:`, and the schema of ours when the address names one (`?schema=company_42`).

    Raises ConfigError for an address that is none of ours. No error repeats the address: it may hold a password.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(address, patience), None
    schema = _schema(address)
    address = address.difference_update_query(["schema"])
    return _postgres(address.set(drivername="postgresql+psycopg"), schema, patience), schema


def quoted(name: str) -> str:
    """An identifier of PostgreSQL, whatever is in it."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        address = None
    if address is None or address.drivername not in _DRIVERS or (address.drivername in _DRIVERS[:2] and address.query):
        raise ConfigError(
            N_(
                "`store:` must read sqlite:///connector.db, or postgresql://user@host/database with an optional "
                "?schema=name"
            )
        )
    return address


def _schema(address: URL) -> str | None:
    schema = address.query.get("schema")
    if schema is None:
        return None
    fits = isinstance(schema, str) and schema.isprintable() and len(schema.encode()) <= _LONGEST_NAME
    if not fits or str(schema).startswith("pg_"):
        raise ConfigError(
            N_("`store:`: schema= must be one name of at most {most} bytes that does not begin with pg_"),
            most=_LONGEST_NAME,
        )
    return str(schema)


def _sqlite(address: URL, patience: float) -> Engine:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StopError(
            N_("SQLite {found} is too old: {oldest} or later is needed; install a newer Python"),
            found=sqlite3.sqlite_version,
            oldest=".".join(str(part) for part in _OLDEST_SQLITE),
        )
    engine = create_engine(
        address, connect_args={"timeout": patience, "check_same_thread": False}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        _use_wal(connection, patience)
        for pragma in (
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "cache_size=-16384",
            "temp_store=FILE",
            "wal_autocheckpoint=2000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _use_wal(
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


def _postgres(address: URL, schema: str | None, patience: float) -> Engine:
    try:
        engine = create_engine(
            address, connect_args={"client_encoding": "utf8"}, pool_pre_ping=True, hide_parameters=True
        )
    except ImportError:
        raise ConfigError(
            N_("`store:` names PostgreSQL, whose driver is not installed: pip install 'connector[pg]'")
        ) from None

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        before, connection.autocommit = connection.autocommit, True
        connection.execute("SELECT set_config('lock_timeout', %s, false)", (f"{int(patience * 1000)}ms",))
        if schema is not None:
            connection.execute("SELECT set_config('search_path', %s, false)", (quoted(schema),))
        connection.autocommit = before

    return engine
