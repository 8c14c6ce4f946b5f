"""The engine for `store:` of connector.yaml: its address, and what every connection is told first."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from connector.errors import ConfigError
from connector.locale import N_
from connector.store.db import quoted
from connector.store.sqlite import PATIENCE, prepare, refuse_old

_DRIVERS: Final = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")
_LONGEST_NAME: Final = 63  # bytes of an identifier in PostgreSQL


def make_engine(url: str, patience: float = PATIENCE) -> tuple[Engine, str | None]:
    """The engine for `store:`, and the schema of ours when the address names one (`?schema=company_42`).

    Raises ConfigError for an address that is none of ours. No error repeats the address: it may hold a password.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        return sqlite_engine(address, patience), None
    schema = _schema(address)
    address = address.difference_update_query(["schema"])
    return _postgres(address.set(drivername="postgresql+psycopg"), schema, patience), schema


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


def sqlite_engine(address: str | URL, patience: float) -> Engine:
    refuse_old()
    engine = create_engine(
        address, connect_args={"timeout": patience, "check_same_thread": False}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        prepare(connection, patience)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


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
