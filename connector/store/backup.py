"""A copy of a store in one file, and back again.

A backup is always a SQLite file, whichever database the store is in: so it is read by any connector, and a store moves
from SQLite to PostgreSQL by `db backup`, a changed `store:` and `db restore`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Table

from connector.errors import StopError
from connector.locale import N_
from connector.store.check import check
from connector.store.db import Db
from connector.store.store import Store, open_store
from connector.store.tables import VERSION_TABLE, metadata
from connector.store.upgrade import upgrade
from connector.store.version import NEWEST, newer, version

__all__ = ["backup", "check", "restore"]

_NOT_COPIED: Final = frozenset({VERSION_TABLE, "lock"})
_SQLITE_MAGIC: Final = b"SQLite format 3\x00"

Columns = dict[str, list[str]]
"""Table -> its columns."""


def backup(store: Store, file: Path) -> None:
    """Copy the store, as it is at one moment, into `file`; an older file is replaced only by a complete one.

    Nobody waits for it: a run goes on meanwhile. A store of an older version is copied as it is (before an upgrade).
    Only its owner may read the file: it holds names and phones. StopError when the folder cannot be written.
    """
    if version(store.db) is None:
        raise StopError(N_("the store has no tables yet: there is nothing to back up"))
    part = file.with_name(file.name + ".part")
    try:
        _private(part)
        if store.db.sqlite:
            store.db.all("VACUUM INTO ?", (str(part),))
        else:
            _pour(store, part)
        _finish(part)
        os.replace(part, file)
    except OSError as error:
        raise StopError(N_("{file} cannot be written: {reason}"), file=file, reason=error.strerror) from error
    finally:
        part.unlink(missing_ok=True)


def restore(store: Store, file: Path, *, at: str) -> None:
    """Make the store what it was when `file` was written: all of it or nothing. What it holds now is gone.

    A backup of an older connector is brought up to date on the way, and so is the store; the file is not touched.
    The store remembers that it was put back `at` that moment: it does not know what has happened since the copy.
    StopError for a file that is no backup or is damaged. Call it under the lock of the store.
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
            damage = check(source)
            if damage:
                raise StopError(N_("{file} is not whole: {what}"), file=file, what=damage[0])
            upgrade(store)
            columns = {table.name: [column.name for column in table.columns] for table in _tables()}
            with store.transaction(durable=True), source.db.snapshot():
                _empty(store.db)
                _copy(source.db, store.db, columns)
                _count_on(store.db)
                store.runs.put_back(at)


def _pour(store: Store, part: Path) -> None:
    """From PostgreSQL into a SQLite file of the same version, whichever that is."""
    found = str(version(store.db))
    if found > NEWEST:
        raise newer(found)
    with open_store(_address(part), any_version=True) as copy:
        upgrade(copy, to=found)
        names = [row[0] for row in copy.db.all("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {
            name: [row[1] for row in copy.db.all(f'PRAGMA table_info("{name}")')]
            for name in names
            if name not in _NOT_COPIED and not name.startswith("sqlite_")
        }
        with store.db.snapshot(), copy.transaction(durable=True):
            copy.db.raw().execute("PRAGMA defer_foreign_keys=ON")
            _copy(store.db, copy.db, columns)


def _finish(part: Path) -> None:
    """One file that needs no other beside it, without the lock of a run, on the disk before it gets its name."""
    with open_store(_address(part), any_version=True) as copy:
        copy.db.run("DELETE FROM lock")
        copy.db.raw().execute("PRAGMA journal_mode=DELETE")
    with part.open("rb+") as written:
        os.fsync(written.fileno())


def _copy(source: Db, target: Db, columns: Columns) -> None:
    for table, names in columns.items():
        listed = ", ".join(f'"{name}"' for name in names)
        places = ", ".join("?" for _ in names)
        for rows in source.each(f'SELECT {listed} FROM "{table}"'):
            target.many(f'INSERT INTO "{table}" ({listed}) VALUES ({places})', rows)


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
