"""Which version the tables of a store have. Alembic is not imported here: a start must not pay for it.

A new store is made at once, on SQLite from `schemas/store.sql`, which is `tables.py` written out; a test proves that
this equals the way through the migrations.
The version stands in `store_version`, a name of our own: `alembic_version` may belong to another program there.
"""

from __future__ import annotations

import re
from typing import Final

from connector.errors import StopError
from connector.locale import N_
from connector.resources import schemas_folder
from connector.store.db import Db, quoted
from connector.store.failures import Outdated, spoken

VERSION_TABLE: Final = "store_version"
"""Where Alembic keeps the revision of the tables."""

NEWEST: Final = "0001"
"""The last revision in `migrations/versions`; a test proves it."""

_CREATED: Final = re.compile(r'CREATE TABLE "?(\w+)')


def version(db: Db) -> str | None:
    """The revision of the tables, None for a store that has none yet."""
    if db.sqlite:
        exists = db.value("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?", (VERSION_TABLE,))
    else:
        exists = db.value("SELECT to_regclass(?) IS NOT NULL", (VERSION_TABLE,))
    found: str | None = db.value(f"SELECT version_num FROM {VERSION_TABLE}") if exists else None
    return found


def require_current(db: Db) -> None:
    """Raise Outdated for a store of another version. One without tables is let pass: `make` gives it some."""
    found = version(db)
    if found is None or found == NEWEST:
        return
    if found < NEWEST:
        raise Outdated(
            N_("the store was made by an older connector (version {found}): run `connector db upgrade`"), found=found
        )
    raise newer(found)


def newer(found: str) -> Outdated:
    return Outdated(
        N_("the store was made by a newer connector (version {found}): install that connector here too"), found=found
    )


def make(db: Db) -> None:
    """Give a new store its tables; do nothing where they are current. Several processes may do so at once."""
    if version(db) == NEWEST:
        return
    with db.transaction(durable=True):
        make_schema(db)
        if version(db) is None:
            refuse_others(db)
            _make_tables(db)
            db.run(f"INSERT INTO {VERSION_TABLE} (version_num) VALUES (?)", (NEWEST,))
    require_current(db)


def _make_tables(db: Db) -> None:
    if db.sqlite:
        for statement in _written_out():
            db.run(statement)
    else:
        from connector.store.tables import metadata

        metadata.create_all(db.open(), checkfirst=False)


def _written_out() -> list[str]:
    """Every statement of `schemas/store.sql`, in order."""
    text = (schemas_folder() / "store.sql").read_text(encoding="utf-8")
    return [statement for part in text.split(";\n") if (statement := part.strip())]


def make_schema(db: Db) -> None:
    """PostgreSQL: the schema of the address, in a database that can hold any text."""
    if db.sqlite:
        return
    encoding = db.value("SELECT current_setting('server_encoding')")
    if encoding != "UTF8":
        raise StopError(
            N_("the database stores text as {encoding}: create one WITH ENCODING 'UTF8' and name it in `store:`"),
            encoding=encoding,
        )
    if db.schema is not None and db.value("SELECT 1 FROM pg_namespace WHERE nspname = ?", (db.schema,)) is None:
        db.run(f"CREATE SCHEMA {quoted(db.schema)}")


def refuse_others(db: Db) -> None:
    """A database that already holds tables of these names is somebody else's."""
    taken = sorted(_found_tables(db) & _own_tables(db))
    if taken:
        raise StopError(
            N_("the database of `store:` already has tables of another program: {tables}; give the connector its own"),
            tables=", ".join(taken),
        )


def _found_tables(db: Db) -> set[str]:
    if db.sqlite:
        return {row[0] for row in db.all("SELECT name FROM sqlite_master WHERE type = 'table'")}
    from sqlalchemy import inspect

    with spoken():
        return set(inspect(db.open()).get_table_names())


def _own_tables(db: Db) -> set[str]:
    if db.sqlite:
        return {found[1] for statement in _written_out() if (found := _CREATED.match(statement))}
    from connector.store.tables import metadata

    return set(metadata.tables)
