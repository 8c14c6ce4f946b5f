"""The tables as SQL, to read and to compare: `python -m connector.store.ddl` writes `schemas/store*.sql` anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable, SetColumnComment

from connector.store.tables import metadata
from connector.store.version import NEWEST

FILES: Final[dict[str, str]] = {"sqlite": "store.sql", "postgresql": "store.postgresql.sql"}
"""Database -> the file in `schemas` that holds its tables."""

_DIALECTS: Final[dict[str, type[Dialect]]] = {"sqlite": sqlite.dialect, "postgresql": postgresql.dialect}


def text(database: str) -> str:
    """Every statement that makes a store, in an order that is always the same."""
    dialect = _DIALECTS[database]()
    head = f"-- The store, version {NEWEST}, on {database}. Generated from connector/store/tables.py.\n"
    made = (statement for table in metadata.sorted_tables for statement in _statements(table, dialect))
    return head + "".join(f"\n{statement};\n" for statement in made)


def _statements(table: Table, dialect: Dialect) -> Iterator[str]:
    yield _plain(str(CreateTable(table).compile(dialect=dialect)))
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        yield _plain(str(CreateIndex(index).compile(dialect=dialect)))
    for column in table.columns:
        if dialect.supports_comments and column.comment is not None:
            yield _plain(str(SetColumnComment(column).compile(dialect=dialect)))


def _plain(statement: str) -> str:
    return "\n".join(line.rstrip() for line in statement.strip().splitlines())


if __name__ == "__main__":
    folder = Path(__file__).resolve().parent.parent.parent / "schemas"
    for name, file in FILES.items():
        (folder / file).write_text(text(name), encoding="utf-8")
