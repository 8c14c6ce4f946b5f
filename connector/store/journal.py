"""The journal: rows and fields that could not be read, and records that wait, each with its reason and remedy.

This module is the only writer of `journal`. One line per (account, entity, external id, field, kind).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from connector.locale import Sentence
from connector.model.states import JournalLine
from connector.store.db import Db

_COLUMNS = 'id, run, kind, account, entity, external_id, uid, field, value, reason, amount, "do", at'


class Journal:
    """Lines by subject, by record and by kind."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def write(self, lines: Sequence[JournalLine], run: int, at: str) -> None:
        self._db.many(
            'INSERT INTO journal (run, kind, account, entity, external_id, uid, field, value, reason, amount, "do", at)'
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (account, entity, external_id, field, kind) DO UPDATE SET run = excluded.run,"
            " uid = excluded.uid, value = excluded.value, reason = excluded.reason, amount = excluded.amount,"
            ' "do" = excluded."do", at = excluded.at',
            [
                (
                    run,
                    line.kind,
                    line.account,
                    line.entity,
                    line.external_id,
                    line.uid,
                    line.field or "",
                    line.value,
                    line.reason.pack(),
                    line.amount,
                    None if line.do is None else line.do.pack(),
                    at,
                )
                for line in lines
            ],
        )

    def clear_row(self, account: str, entity: str, external_ids: Iterable[str]) -> None:
        """What could not be read of these rows is read anew; old lines say nothing any more."""
        self._db.run(
            "DELETE FROM journal WHERE kind = 'unreadable' AND account = ? AND entity = ?"
            f" AND external_id {self._db.among}",
            (account, entity, self._db.listed(external_ids)),
        )

    def clear_unidentified(self, account: str, entity: str, run: int) -> None:
        """A whole feed has been read: rows without an identity that it did not show in this run are no more."""
        self._db.run(
            "DELETE FROM journal WHERE kind = 'unreadable' AND account = ? AND entity = ? AND field = '' AND run < ?",
            (account, entity, run),
        )

    def unreadable(self, account: str, entity: str, run: int) -> int:
        """How many rows a run could not read, wholly or in part."""
        count: int = self._db.value(
            "SELECT count(DISTINCT external_id) FROM journal WHERE account = ? AND entity = ? AND kind = 'unreadable'"
            " AND run = ?",
            (account, entity, run),
        )
        return count

    def clear_waiting(self, uids: Iterable[str]) -> None:
        self._db.run(f"DELETE FROM journal WHERE kind = 'waiting' AND uid {self._db.among}", (self._db.listed(uids),))

    def all(self, kind: str | None = None) -> list[JournalLine]:
        """The lines that most money depends on first, whichever way it goes."""
        rows = self._db.all(
            f"SELECT {_COLUMNS} FROM journal WHERE (CAST(? AS TEXT) IS NULL OR kind = ?)"
            + " ORDER BY abs(coalesce(amount, 0)) DESC, id",
            (kind, kind),
        )
        return [_line(row) for row in rows]

    def get(self, line_id: int) -> JournalLine | None:
        row = self._db.one(f"SELECT {_COLUMNS} FROM journal WHERE id = ?", (line_id,))
        return None if row is None else _line(row)

    def count(self) -> int:
        count: int = self._db.value("SELECT count(*) FROM journal")
        return count


def _line(row: tuple[Any, ...]) -> JournalLine:
    return JournalLine(
        id=row[0],
        run=row[1],
        kind=row[2],
        account=row[3],
        entity=row[4],
        external_id=row[5],
        uid=row[6],
        field=row[7] or None,
        value=row[8],
        reason=Sentence.unpack(row[9]),
        amount=row[10],
        do=None if row[11] is None else Sentence.unpack(row[11]),
        at=row[12],
    )
