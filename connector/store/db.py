"""One way to speak SQL to SQLite and PostgreSQL: plain statements with `?`, tuples in, tuples out.

The row path never touches the ORM or Core inserts (DESIGN §10). SQLite runs in WAL with `BEGIN IMMEDIATE` on the begin
event, for its default transactions lose updates silently (dependencies W2). A durable transaction waits for the disk:
intents and outcomes need that, observations do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

Params = Sequence[Any]


def make_engine(url: str) -> tuple[Engine, str | None]:
    """The engine for `store:`, and the schema of ours when the address names one (`?schema=company_42`)."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(str(address)), None
    schema = address.query.get("schema")
    schema = schema if isinstance(schema, str) else None
    address = address.difference_update_query(["schema"])
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    options = f"-csearch_path={schema}" if schema else ""
    return create_engine(address, connect_args={"options": options} if options else {}, pool_pre_ping=True), schema


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
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


class Db:
    """One connection, one writer. Statements use `?`; a list parameter for `IN` goes through `among`."""

    def __init__(self, engine: Engine, schema: str | None) -> None:
        self.engine = engine
        self.schema = schema
        self.sqlite = engine.dialect.name == "sqlite"
        self._connection: Connection | None = None
        self._statements: dict[str, str] = {}

    def open(self) -> Connection:
        if self._connection is None:
            self._connection = self.engine.connect()
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self.engine.dispose()

    @contextmanager
    def transaction(self, durable: bool = False) -> Iterator[None]:
        """All or nothing. Inside another transaction it joins that one."""
        connection = self.open()
        if connection.in_transaction():
            yield
            return
        if self.sqlite:
            self._synchronous(connection, "FULL" if durable else "NORMAL")
        with connection.begin():
            yield

    def _synchronous(self, connection: Connection, level: str) -> None:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute(f"PRAGMA synchronous={level}")

    def _statement(self, sql: str) -> str:
        if self.sqlite:
            return sql
        ready = self._statements.get(sql)
        if ready is None:
            ready = self._statements[sql] = sql.replace("%", "%%").replace("?", "%s")
        return ready

    def run(self, sql: str, params: Params = ()) -> int:
        """Execute; the number of rows it touched."""
        with self.transaction():
            return self.open().exec_driver_sql(self._statement(sql), tuple(params)).rowcount

    def many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Execute once for each row of parameters."""
        if rows:
            with self.transaction():
                self.open().exec_driver_sql(self._statement(sql), list(rows))

    def all(self, sql: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """Every row. Outside a transaction it takes no write lock: a reader never waits for a run."""
        connection = self.open()
        if self.sqlite:
            raw = connection.connection.driver_connection
            assert raw is not None
            rows: list[tuple[Any, ...]] = raw.execute(sql, tuple(params)).fetchall()
            return rows
        with self.transaction():
            return [tuple(row) for row in connection.exec_driver_sql(self._statement(sql), tuple(params))]

    def one(self, sql: str, params: Params = ()) -> tuple[Any, ...] | None:
        rows = self.all(sql, params)
        return rows[0] if rows else None

    def value(self, sql: str, params: Params = ()) -> Any:
        row = self.one(sql, params)
        return None if row is None else row[0]

    def insert(self, sql: str, params: Params) -> int:
        """Execute an INSERT and give the id it made."""
        with self.transaction():
            return int(self.value(f"{sql} RETURNING id", params))

    @property
    def among(self) -> str:
        """What follows a column to say "is one of"; its one parameter is `listed(values)`, however many there are."""
        return "IN (SELECT value FROM json_each(?))" if self.sqlite else "= ANY(?)"

    def listed(self, values: Iterable[Any]) -> Any:
        return msgspec.json.encode(list(values)).decode() if self.sqlite else list(values)
