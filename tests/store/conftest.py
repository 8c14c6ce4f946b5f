"""Stores on both databases. PostgreSQL is the server of the tests on 127.0.0.1:5432; without it those tests are skipped
by name, and fail under CI=true. Every session has a schema of its own there, dropped at its end."""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from connector.store import Store, open_store
from connector.store.tables import VERSION_TABLE, metadata

SERVER = "postgresql://postgres@127.0.0.1:5432/postgres"
AT = "2026-11-21T10:00:00+03:00"
BOTH = [pytest.param("sqlite"), pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def server() -> str:
    """The address of the PostgreSQL server, when it answers."""
    psycopg = pytest.importorskip("psycopg")
    try:
        psycopg.connect(SERVER, connect_timeout=5).close()
    except psycopg.OperationalError:
        lacking = "no PostgreSQL on 127.0.0.1:5432"
        if os.environ.get("CI") == "true":
            pytest.fail(lacking)
        pytest.skip(lacking)
    return SERVER


def drop_schema(name: str) -> None:
    import psycopg

    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')


@pytest.fixture
def schema(server: str) -> Iterator[Callable[[], str]]:
    """Addresses of schemas that do not exist yet; they are dropped after the test."""
    names: list[str] = []

    def fresh() -> str:
        names.append(f"test_{secrets.token_hex(6)}")
        return f"{server}?schema={names[-1]}"

    yield fresh
    for name in names:
        drop_schema(name)


@pytest.fixture(scope="session")
def postgres(server: str) -> Iterator[str]:
    """The address of this session's store on PostgreSQL."""
    name = f"test_{secrets.token_hex(6)}"
    url = f"{server}?schema={name}&options=-csynchronous_commit%3Doff"
    with open_store(url) as store:
        store.create()
    yield url
    drop_schema(name)


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest) -> str:
    """Which database a test works on: each test that asks for a store runs once on each."""
    return str(request.param)


@pytest.fixture
def url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store that is ready to use."""
    if database == "sqlite":
        address = f"sqlite:///{tmp_path / 'connector.db'}"
        with open_store(address) as store:
            store.create()
        return address
    address = request.getfixturevalue("postgres")
    with open_store(address) as store:
        tables = [table for table in reversed(metadata.sorted_tables) if table.name != VERSION_TABLE]
        script = [f'DELETE FROM "{table.name}"' for table in tables]
        script += [
            f'ALTER SEQUENCE "{table.name}_id_seq" RESTART'
            for table in tables
            if table.autoincrement_column is not None
        ]
        with store.transaction():
            store.db.raw().execute("; ".join(script))  # faster than TRUNCATE for so few rows
    return str(address)


@pytest.fixture
def new_urls(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Addresses of stores that have not been made yet, a new one each time."""
    if database == "postgres":
        fresh: Callable[[], str] = request.getfixturevalue("schema")
        return fresh
    numbers = itertools.count()
    return lambda: f"sqlite:///{tmp_path / f'new{next(numbers)}.db'}"


@pytest.fixture
def new_url(new_urls: Callable[[], str]) -> str:
    """The address of a store that has not been made yet."""
    return new_urls()


@pytest.fixture
def opened(url: str) -> Iterator[Callable[..., Store]]:
    """Open further connections to the same store; all are closed after the test."""
    with ExitStack() as stack:
        yield lambda patience=30.0: stack.enter_context(open_store(url, patience=patience))


@pytest.fixture
def store(opened: Callable[..., Store]) -> Store:
    return opened()
