"""What goes wrong with a database is said in our words, with what to do, without addresses and anybody's data."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.errors import ConnectorError, StopError, Unavailable
from connector.store import Store, open_store
from connector.store.failures import AlreadyLinked, Damaged, StatementRefused, failure
from connector.store.upgrade import revision

Open = Callable[..., Store]

PUT = "INSERT INTO meta (key, value) VALUES (?, ?)"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "connector.db"
    with open_store(f"sqlite:///{path}") as store:
        store.create()
    return path


def test_a_full_disk_stops_and_keeps_nothing(file: Path) -> None:
    with open_store(f"sqlite:///{file}") as store:
        pages = store.db.value("PRAGMA page_count")
        store.db.raw().execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(StopError, match="full"), store.transaction(durable=True):
            for number in range(1000):
                store.db.run(PUT, (str(number), "x" * 100))
        assert store.db.all("SELECT * FROM meta") == []
        store.db.raw().execute(f"PRAGMA max_page_count={pages * 10}")
        store.db.run(PUT, ("a", "1"))


def test_a_store_that_may_only_be_read_says_so(file: Path) -> None:
    with open_store(f"sqlite:///{file}") as store:
        store.db.raw().execute("PRAGMA query_only=ON")
        with pytest.raises(StopError, match="only be read"):
            store.db.run(PUT, ("a", "1"))
        assert revision(store) is not None


def test_a_file_that_is_no_store_says_so(tmp_path: Path) -> None:
    path = tmp_path / "connector.db"
    path.write_bytes(b"PK\x03\x04 this is a workbook" * 1000)
    with pytest.raises(StopError, match="restore a backup"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"PK"), "nothing was written over it"


def test_a_damaged_file_says_so(file: Path) -> None:
    with open_store(f"sqlite:///{file}") as store:
        store.db.many(PUT, [(str(number), "x" * 500) for number in range(500)])
    data = bytearray(file.read_bytes())
    data[4096 * 20 :] = b"\xa5" * (len(data) - 4096 * 20)
    file.write_bytes(data)
    with pytest.raises(StopError, match="restore a backup"), open_store(f"sqlite:///{file}") as store:
        store.db.all("SELECT * FROM meta")


@pytest.mark.parametrize(
    ("code", "kind", "word"),
    [
        (sqlite3.SQLITE_IOERR_FSYNC, StopError, "does not answer"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Unavailable, "busy"),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, Unavailable, "store:"),
        (sqlite3.SQLITE_CORRUPT_INDEX, Damaged, "damaged"),
        (sqlite3.SQLITE_READONLY_DBMOVED, StopError, "only be read"),
    ],
)
def test_rarer_words_of_sqlite(code: int, kind: type[ConnectorError], word: str) -> None:
    error = sqlite3.OperationalError("robot said so")
    error.sqlite_errorcode = code
    named = failure(error)
    assert type(named) is kind
    assert word in str(named)


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("state", "kind", "word"),
    [
        ("08006", Unavailable, "cannot be opened"),
        ("57P01", Unavailable, "cannot be opened"),
        ("53300", Unavailable, "cannot be opened"),
        ("55P03", Unavailable, "busy"),
        ("40P01", Unavailable, "busy"),
        ("40001", Unavailable, "busy"),
        ("53100", StopError, "full"),
        ("25006", StopError, "only be read"),
        ("42501", StopError, "refuses"),
        ("28P01", StopError, "refuses"),
        ("3D000", StopError, "no such database"),
        ("42P01", StopError, "db upgrade"),
        ("58030", StopError, "does not answer"),
        ("XX001", Damaged, "damaged"),
    ],
)
def test_words_of_postgres(postgres: str, state: str, kind: type[ConnectorError], word: str) -> None:
    with open_store(postgres) as store:
        with pytest.raises(kind, match=word) as info:
            store.db.run(f"DO $$ BEGIN RAISE EXCEPTION 'the server says' USING ERRCODE = '{state}'; END $$")
        assert info.value.exit_code == 2
        assert info.value.__notes__ == ["the server says"]
        assert store.db.value("SELECT 1") == 1, "it can be used again"


@pytest.mark.postgres
def test_a_lost_connection_is_made_anew(postgres: str) -> None:
    with open_store(postgres) as store, open_store(postgres) as other:
        backend = store.db.value("SELECT pg_backend_pid()")
        other.db.run("SELECT pg_terminate_backend(?)", (backend,))
        with pytest.raises(Unavailable), store.transaction():
            store.db.run(PUT, ("lost", "1"))
        store.db.run(PUT, ("kept", "1"))
        assert store.db.all("SELECT key FROM meta WHERE key IN ('lost', 'kept')") == [("kept",)]
        assert store.db.value("SELECT current_schema()") == store.db.schema
        store.db.run("DELETE FROM meta")


@pytest.mark.slow
@pytest.mark.postgres
def test_a_database_of_another_encoding_is_refused(server: str) -> None:
    import psycopg

    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} ENCODING 'KOI8R' LOCALE 'C' TEMPLATE template0")
        try:
            with open_store(f"{server.rpartition('/')[0]}/{name}") as store, pytest.raises(StopError, match="UTF8"):
                store.create()
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_refusal_tells_nobodys_data(store: Store, secrets_watch: Any) -> None:
    """PostgreSQL tells the whole row in the details of its error."""
    name, phone = "Анна", "+79991234567"
    secrets_watch.guard(name, phone)
    lines = "INSERT INTO journal (run, kind, account, entity, external_id, field, value, reason, at)"
    row = (1, "unreadable", "kafe", "customer", "55", name, phone, None, "")
    with secrets_watch.raises(StatementRefused) as info:
        store.db.run(f"{lines} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    assert "reason" in str(info.value)
    feed = store.crosswalk.feed("kafe", "customer")
    link = "INSERT INTO link (external_id, uid, feed, is_primary, gone, run, how, by, at)"
    values = f"VALUES (?, ?, {feed}, 1, 0, 1, 'created', 'run', '')"
    store.db.run(f"{link} {values}", (phone, name))
    for same in ((phone, "u2"), ("56", name)):
        with secrets_watch.raises(AlreadyLinked):
            store.db.run(f"{link} {values}", same)
