"""A record that lives in two catalogues: in УТ 11 a customer is a Партнер with his Контрагент.

Both are read and written as one row. For a feed the companions are read first and kept in a temporary file of the
database engine that comes with Python, so that memory does not grow with the base.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from threading import Lock
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec

from connector.systems.onec.filters import Guid, field
from connector.systems.onec.profile import Companion
from connector.systems.onec.values import ZERO_GUID
from connector.systems.onec.walk import walk
from connector.systems.onec.wire import Wire

Found = dict[str, Any]
"""A companion as read: Ref_Key, DataVersion, DeletionMark and the fields that were asked for."""

_SYSTEM_FIELDS: Final = ("Ref_Key", "DataVersion", "DeletionMark")
_DECODER: Final = msgspec.json.Decoder(Found, float_hook=Decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def companion_uid(uid: str, resource: str) -> str:
    """The guid of the companion we make for a record: always the same, so that a second attempt makes no second."""
    return str(uuid5(UUID(uid), resource))


class Companions:
    """The companions of all records of a feed, by the record they belong to."""

    def __init__(self, wire: Wire, profile: Companion, paths: Sequence[str], page: int) -> None:
        self._database = sqlite3.connect("", check_same_thread=False)
        self._database.execute("CREATE TABLE companion (owner TEXT PRIMARY KEY, rank TEXT, body BLOB)")
        self._turn = Lock()  # pages may be read side by side
        self._key = profile.key
        select = selected(profile, paths)

        def ask(top: int, skip: int) -> list[dict[str, Any]]:
            return wire.rows(profile.resource, select=select, order="Ref_Key", top=top, skip=skip)

        for rows in walk(ask, page, lambda row: str(row.get("Ref_Key"))):
            self._keep(rows)

    def _keep(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Of several companions of one record the first by `rank` stays."""
        kept = [
            (str(row[self._key]), rank(row), _ENCODER.encode(row))
            for row in rows
            if row.get(self._key, ZERO_GUID) != ZERO_GUID
        ]
        with self._database:
            self._database.executemany(
                "INSERT INTO companion VALUES (?, ?, ?) ON CONFLICT (owner) DO UPDATE "
                "SET rank = excluded.rank, body = excluded.body WHERE excluded.rank < rank",
                kept,
            )

    def of(self, owners: Sequence[str]) -> dict[str, Found]:
        """The companions of these records; who has none is not there."""
        marks = ",".join("?" * len(owners))
        query = f"SELECT owner, body FROM companion WHERE owner IN ({marks})"  # noqa: S608 - only question marks
        with self._turn, closing(self._database.execute(query, tuple(owners))) as found:
            return {owner: _DECODER.decode(body) for owner, body in found}

    def close(self) -> None:
        self._database.close()


def companions_of(
    wire: Wire, profile: Companion, owners: Sequence[str], paths: Sequence[str], at_once: int
) -> dict[str, Found]:
    """The companions of these records, read now, `at_once` by one condition; who has none is not there."""
    found: dict[str, Found] = {}
    for start in range(0, len(owners), at_once):
        where = field(profile.key).among([Guid(owner) for owner in owners[start : start + at_once]])
        for row in wire.rows(profile.resource, select=selected(profile, paths), where=where):
            owner = str(row[profile.key])
            found[owner] = min(row, found.get(owner, row), key=rank)
    return found


def selected(profile: Companion, paths: Sequence[str]) -> tuple[str, ...]:
    """What to read of a companion: what makes it one, and those of the asked keys that live in it."""
    return (*_SYSTEM_FIELDS, profile.key, *(path for path in paths if path in profile.fields))


def rank(row: Mapping[str, Any]) -> str:
    """Of several companions the smallest counts: one that is not marked deleted, then the smallest key."""
    return f"{int(row.get('DeletionMark') is True)}{row.get('Ref_Key')}"
