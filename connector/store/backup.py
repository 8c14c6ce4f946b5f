"""A copy of a store in one file, back again, and whether the store is whole.

A backup is always a SQLite file, whichever database the store is in: so it is read by any connector, and a store moves
from SQLite to PostgreSQL by `db backup`, a changed `store:` and `db restore`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Table, select

from connector.errors import StopError
from connector.locale import N_, Sentence
from connector.model.states import shadow_from
from connector.store.db import Db
from connector.store.store import Store, open_store
from connector.store.tables import VERSION_TABLE, metadata
from connector.store.upgrade import upgrade
from connector.store.version import NEWEST, version

_CHUNK: Final = 1000
_NOT_COPIED: Final = frozenset({VERSION_TABLE, "lock"})
_SQLITE_MAGIC: Final = b"SQLite format 3\x00"


def backup(store: Store, file: Path) -> None:
    """Copy the store, as it is at one moment, into `file`; an older file is replaced only by a complete one.

    Only its owner may read the file: it holds names and phones. StopError when the folder cannot be written.
    """
    part = file.with_name(file.name + ".part")
    try:
        _private(part)
        with open_store(_address(part)) as copy:
            copy.create()
            with store.transaction(), copy.transaction(durable=True):
                _copy(store.db, copy.db)
            copy.db.raw().execute("PRAGMA journal_mode=DELETE")
        os.replace(part, file)
    except OSError as error:
        raise StopError(N_("{file} cannot be written: {reason}"), file=file, reason=error.strerror) from error
    finally:
        part.unlink(missing_ok=True)


def restore(store: Store, file: Path) -> None:
    """Make the store what it was when `file` was written: all of it or nothing. What it holds now is gone.

    A backup of an older connector is brought up to date on the way; the file itself is not touched.
    StopError for a file that is no backup. Call it under the lock of the store.
    """
    if not _is_sqlite(file):
        raise StopError(N_("{file} is no backup of a connector"), file=file)
    with tempfile.TemporaryDirectory() as folder:
        working = Path(folder, "backup.db")
        shutil.copyfile(file, working)
        with open_store(_address(working), any_version=True) as source:
            if version(source.db) is None:
                raise StopError(N_("{file} is no backup of a connector"), file=file)
            upgrade(source)
            with store.transaction(durable=True), source.transaction():
                _empty(store.db)
                _copy(source.db, store.db)
                _count_on(store.db)


def check(store: Store) -> list[Sentence]:
    """What is wrong with the store, in words; nothing when it is whole. Reads only."""
    try:
        found = list(_of_database(store.db))
        if found:
            return found  # what a damaged file says about its records means nothing
        return [*_of_references(store.db), *_of_bodies(store.db)]
    except StopError as error:
        return [error.sentence]


def _of_database(db: Db) -> Iterator[Sentence]:
    known = version(db)
    if known != NEWEST:
        yield Sentence(N_("its tables are of version {found}, not {wanted}"), found=known, wanted=NEWEST)
    if db.sqlite:
        said = [row[0] for row in db.all("PRAGMA integrity_check(20)")]
        if said != ["ok"]:
            yield Sentence(N_("the file is damaged: {what}"), what="; ".join(said))


_REFERENCES: Final = (
    (N_("links without a record: {count}"), "link l LEFT JOIN hub h ON h.uid = l.uid WHERE h.uid IS NULL"),
    (N_("links without a feed: {count}"), "link l LEFT JOIN feed f ON f.id = l.feed WHERE f.id IS NULL"),
    (N_("identifiers without a record: {count}"), "identifier i LEFT JOIN hub h ON h.uid = i.uid WHERE h.uid IS NULL"),
    (N_("waiting work without a record: {count}"), "dirty d LEFT JOIN hub h ON h.uid = d.uid WHERE h.uid IS NULL"),
    (
        N_("records merged into one that is not there: {count}"),
        "hub a LEFT JOIN hub b ON b.uid = a.survivor WHERE a.survivor IS NOT NULL AND b.uid IS NULL",
    ),
    (
        N_("open conflicts of a record that is not there: {count}"),
        "conflict c LEFT JOIN hub h ON h.uid = c.uid WHERE c.status = 'open' AND h.uid IS NULL",
    ),
    (
        N_("open operations of a record that is not there: {count}"),
        "operation o LEFT JOIN hub h ON h.uid = o.uid WHERE o.status <> 'done' AND h.uid IS NULL",
    ),
)


def _of_references(db: Db) -> Iterator[Sentence]:
    for text, rows in _REFERENCES:
        if count := db.value(f"SELECT count(*) FROM {rows}"):
            yield Sentence(text, count=count)


def _of_bodies(db: Db) -> Iterator[Sentence]:
    """Every record and shadow can still be decoded."""
    for name, column, key in (("hub", "body", "uid"), ("link", "shadow", "id")):
        decode = msgspec.json.decode if name == "hub" else shadow_from
        broken = [row[key] for row in _rows(db, metadata.tables[name]) if not _decodes(decode, row[column])]
        if broken:
            text = N_("unreadable in “{table}”: {count}, the first is {key}")
            yield Sentence(text, table=name, count=len(broken), key=broken[0])


def _decodes(decode: Any, body: bytes | None) -> bool:
    try:
        decode(body) if body is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _rows(db: Db, table: Table) -> Iterator[Any]:
    """Every row by column name, a chunk in memory at a time."""
    with db.transaction():
        statement = select(table).execution_options(yield_per=_CHUNK)
        for part in db.open().execute(statement).mappings().partitions():
            yield from part


def _copy(source: Db, target: Db) -> None:
    for table in _tables():
        names = [column.name for column in table.columns]
        places = ", ".join("?" for _ in names)
        listed = ", ".join(f'"{name}"' for name in names)
        sql = f'INSERT INTO "{table.name}" ({listed}) VALUES ({places})'
        for rows in _chunks(_rows(source, table)):
            target.many(sql, [tuple(row[name] for name in names) for row in rows])


def _chunks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    yield chunk


def _empty(db: Db) -> None:
    for table in reversed(_tables()):
        db.run(f'DELETE FROM "{table.name}"')


def _count_on(db: Db) -> None:
    """PostgreSQL's counters go on after the highest id; SQLite's do so by themselves."""
    if db.sqlite:
        return
    for table in _tables():
        sequence = db.value("SELECT pg_get_serial_sequence(?, 'id')", (table.name,)) if "id" in table.columns else None
        if sequence is not None:
            highest = db.value(f'SELECT max(id) FROM "{table.name}"')
            db.all("SELECT setval(?, ?, ?)", (sequence, highest or 1, highest is not None))


def _tables() -> Sequence[Table]:
    return [table for table in metadata.sorted_tables if table.name not in _NOT_COPIED]


def _address(file: Path) -> str:
    return f"sqlite:///{file.resolve().as_posix()}"


def _private(file: Path) -> None:
    file.unlink(missing_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _is_sqlite(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
    except OSError as error:
        raise StopError(N_("{file} cannot be read: {reason}"), file=file, reason=error.strerror) from error
