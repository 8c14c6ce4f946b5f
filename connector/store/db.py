"""One way to speak SQL to SQLite and PostgreSQL: plain statements with `?`, tuples in, tuples out.

The row path never touches the ORM or Core inserts (DESIGN §10). There is one writer at a time: SQLite runs in WAL with
`BEGIN IMMEDIATE` on the begin event, for its default transactions lose updates silently (dependencies W2); PostgreSQL,
whose default isolation loses them just so, takes an advisory lock of the store. A durable transaction waits for the
disk: intents and outcomes need that, observations do not.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import msgspec

from connector.store.failures import odd_text, spoken
from connector.store.sqlite import SqliteFile, writing

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

Params = Sequence[Any]

_VALUES: Final = re.compile(
    r"(?P<head>INSERT INTO .+ VALUES )(?P<row>\([^()]+\))(?P<tail>(?: ON CONFLICT .+)?)", re.DOTALL
)
_VARIABLES: Final = 900
"""So many parameters a statement has at most: every SQLite takes 999."""

_TAKE_WRITER = (
    "SELECT pg_advisory_xact_lock(hashtextextended('connector store ' || coalesce(%s::text, current_schema(), ''), 0)),"
    " CASE WHEN %s AND current_setting('synchronous_commit') = 'off'"
    " THEN set_config('synchronous_commit', 'on', true) END"
)


def quoted(name: str) -> str:
    """An identifier of PostgreSQL, whatever is in it."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


class Db:
    """One connection, one writer. Statements use `?`; a list parameter for `IN` goes through `among`.

    SQLite's file is spoken to by its own driver, until somebody asks for SQLAlchemy's connection with `open`.
    Errors of the drivers become errors of ours (`connector.store.failures`), without statements and values.
    """

    def __init__(self, source: Engine | SqliteFile, schema: str | None) -> None:
        self.schema = schema
        self._file = source if isinstance(source, SqliteFile) else None
        self._engine = None if isinstance(source, SqliteFile) else source
        self.sqlite = self._file is not None or self.engine.dialect.name == "sqlite"
        self.undone = 0
        """How many transactions were rolled back: what was remembered from inside one of them is void."""
        self._plain: sqlite3.Connection | None = None
        self._connection: Connection | None = None
        self._statements: dict[str, str] = {}
        self._durable = False
        self._doomed = False
        self._looking = False

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            assert self._file is not None
            self._engine = self._file.engine()
        return self._engine

    def open(self) -> Connection:
        """SQLAlchemy's connection. From then on everything goes through it. Not inside a transaction begun before."""
        if self._connection is None:
            if self._plain is not None:
                if self._plain.in_transaction:
                    raise RuntimeError("SQLAlchemy cannot take over in the middle of a transaction")
                self._plain.close()
                self._plain = None
            with spoken():
                self._connection = self.engine.connect()
        return self._connection

    def raw(self) -> Any:
        """The connection of the driver itself."""
        if self._file is not None and self._connection is None:
            if self._plain is None:
                with spoken():
                    self._plain = self._file.connect()
            return self._plain
        raw = self.open().connection.driver_connection
        assert raw is not None
        return raw

    def close(self) -> None:
        if self._plain is not None:
            self._plain.close()
            self._plain = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._engine is not None:
            self._engine.dispose()

    # transactions

    @contextmanager
    def transaction(self, durable: bool = False) -> Iterator[None]:
        """All or nothing. Inside another transaction it joins that one.

        After an error inside, the whole is rolled back whoever catches it: PostgreSQL would refuse every further
        statement and turn the commit into a silent rollback, SQLite would commit a half.
        """
        if self._looking:
            raise RuntimeError("nothing may be written in a snapshot")
        with self._joined(durable) if self._in_transaction() else self._outermost(durable):
            yield

    def _in_transaction(self) -> bool:
        if self._plain is not None:
            return self._plain.in_transaction
        return self._connection is not None and self._connection.in_transaction()

    @contextmanager
    def _joined(self, durable: bool) -> Iterator[None]:
        if durable and not self._durable:
            raise RuntimeError("a durable transaction cannot begin inside one that is not")
        try:
            yield
        except BaseException:
            self._doomed = True
            raise

    @contextmanager
    def _outermost(self, durable: bool) -> Iterator[None]:
        self._doomed, self._durable = False, durable
        try:
            with spoken():
                raw = self.raw()
                if self.sqlite:
                    raw.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                with writing(raw) if self._plain is not None else self._begun(durable):
                    yield
                    if self._doomed:
                        raise RuntimeError("something failed in this transaction and was passed over: nothing is kept")
        except BaseException:
            self.undone += 1
            raise

    @contextmanager
    def _begun(self, durable: bool) -> Iterator[None]:
        connection = self.open()
        with connection.begin():
            if not self.sqlite:
                connection.exec_driver_sql(_TAKE_WRITER, (self.schema, durable))
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read several things as they are at one moment. Nobody waits for it, and nothing may be written inside."""
        if self._in_transaction():
            yield
            return
        with spoken(), self._read_transaction():
            self._looking = True
            try:
                yield
            finally:
                self._looking = False

    @contextmanager
    def _read_transaction(self) -> Iterator[None]:
        if not self.sqlite:
            with self.open().begin():
                self.open().exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                yield
            return
        self.raw().execute("BEGIN")
        try:
            yield
        finally:
            self.raw().execute("ROLLBACK")

    # statements

    def _statement(self, sql: str) -> str:
        if self.sqlite:
            return sql
        ready = self._statements.get(sql)
        if ready is None:
            ready = self._statements[sql] = sql.replace("%", "%%").replace("?", "%s")
        return ready

    def _execute(self, sql: str, params: Any) -> Any:
        with self._dooming():
            if self._plain is not None:
                many = isinstance(params, list)
                return self._plain.executemany(sql, params) if many else self._plain.execute(sql, params)
            return self.open().exec_driver_sql(self._statement(sql), params)

    @contextmanager
    def _dooming(self) -> Iterator[None]:
        try:
            with spoken():
                yield
        except BaseException:
            self._doomed = True
            raise

    def run(self, sql: str, params: Params = ()) -> int:
        """Execute; the number of rows it touched."""
        with self.transaction():
            touched: int = self._execute(sql, tuple(params)).rowcount
            return touched

    def many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Execute once for each row of parameters."""
        if rows:
            with self.transaction():
                done = self._many_at_once(sql, rows) if self.sqlite else 0
                if done < len(rows):
                    self._execute(sql, list(rows[done:]))

    def _many_at_once(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> int:
        """Insert as many rows as make whole statements of several rows; how many they were.

        SQLite steps through such a statement at a stretch, and other threads go on meanwhile: row by row they would
        be waited for each time.
        """
        size = len(rows[0])
        width = _VARIABLES // max(1, size)
        found = _VALUES.fullmatch(sql) if len(rows) >= width else None
        if found is None or found["row"].count("?") != size:
            return 0
        wide = f"{found['head']}{', '.join([found['row']] * width)}{found['tail']}"
        whole = len(rows) - len(rows) % width
        for start in range(0, whole, width):
            self._execute(wide, tuple(chain.from_iterable(rows[start : start + width])))
        return whole

    def all(self, sql: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """Every row. Outside a transaction it takes no lock: a reader never waits for a run."""
        if self.sqlite:
            with self._dooming():
                rows: list[tuple[Any, ...]] = self.raw().execute(sql, tuple(params)).fetchall()
                return rows
        connection = self.open()
        if connection.in_transaction():
            return [tuple(row) for row in self._execute(sql, tuple(params))]
        with spoken(), connection.begin():
            return [tuple(row) for row in self._execute(sql, tuple(params))]

    def each(self, sql: str, params: Params = (), chunk: int = 1000) -> Iterator[list[tuple[Any, ...]]]:
        """Every row, so many in memory at a time. Only inside a snapshot or a transaction."""
        if self.sqlite:
            with spoken():
                cursor = self.raw().execute(sql, tuple(params))
                while rows := cursor.fetchmany(chunk):
                    yield rows
            return
        options = {"stream_results": True, "max_row_buffer": chunk}
        with spoken():
            found = self.open().exec_driver_sql(self._statement(sql), tuple(params), execution_options=options)
            for part in found.partitions(chunk):
                yield [tuple(row) for row in part]

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
        asked = list(values)
        if not self.sqlite:
            return asked
        text = msgspec.json.encode(asked).decode()
        if "\\u0000" in text and any("\0" in value for value in asked if isinstance(value, str)):
            raise odd_text()
        return text
