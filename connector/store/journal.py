"""The journal: rows and fields that could not be read, and records that wait, each with its reason and remedy.

This module is the only writer of `journal`. One line per (account, entity, external id, field, kind). What is looked at
anew is cleared and said again: a line that still holds keeps its number, its beginning, and a person's dismissal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from connector.locale import Sentence
from connector.model.states import JournalLine
from connector.store.db import Db

_COLUMNS = (
    'id, run, kind, account, entity, external_id, uid, field, value, reason, amount, "do", at, dismissed_by,'
    " dismissed_at"
)
_STANDS = "run > 0"
_CLEARED = "UPDATE journal SET run = 0 WHERE run > 0"
_AS_BEFORE = (
    "journal.reason = excluded.reason AND coalesce(journal.value, '') = coalesce(excluded.value, '')"
    " AND coalesce(journal.amount, 0) = coalesce(excluded.amount, 0)"
)
"""What was dismissed is known as it is: another reason, value or amount is something new."""


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
            f' "do" = excluded."do", at = CASE WHEN {_AS_BEFORE} THEN journal.at ELSE excluded.at END,'
            f" dismissed_by = CASE WHEN {_AS_BEFORE} THEN journal.dismissed_by END,"
            f" dismissed_at = CASE WHEN {_AS_BEFORE} THEN journal.dismissed_at END",
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
            f"{_CLEARED} AND kind = 'unreadable' AND account = ? AND entity = ? AND external_id {self._db.among}",
            (account, entity, self._db.listed(external_ids)),
        )

    def clear_unidentified(self, account: str, entity: str, run: int) -> None:
        """A whole feed has been read: rows without an identity that it did not show in this run are no more."""
        self._db.run(
            f"{_CLEARED} AND kind = 'unreadable' AND account = ? AND entity = ? AND field = '' AND run < ?",
            (account, entity, run),
        )

    def clear_waiting(self, uids: Iterable[str], unasked: Iterable[str] = ()) -> None:
        """These records are planned anew. What waits for an account that nobody could ask goes on waiting."""
        self._db.run(
            f"{_CLEARED} AND kind = 'waiting' AND uid {self._db.among} AND NOT account {self._db.among}",
            (self._db.listed(uids), self._db.listed(unasked)),
        )

    def forget_cleared(self) -> None:
        """What was cleared and not said again is over. Called once, at the end of a run."""
        self._db.run("DELETE FROM journal WHERE run = 0")

    def dismiss(self, line_ids: Iterable[int], by: str, at: str) -> int:
        """A person says that nobody need look at these lines, as long as they say the same. How many stand."""
        return self._db.run(
            f"UPDATE journal SET dismissed_by = ?, dismissed_at = ? WHERE {_STANDS} AND id {self._db.among}",
            (by, at, self._db.listed(line_ids)),
        )

    def reopen(self, line_ids: Iterable[int]) -> int:
        """Somebody must look at them after all. How many had been dismissed."""
        return self._db.run(
            "UPDATE journal SET dismissed_by = NULL, dismissed_at = NULL"
            f" WHERE {_STANDS} AND dismissed_by IS NOT NULL AND id {self._db.among}",
            (self._db.listed(line_ids),),
        )

    def unreadable(self, account: str, entity: str, run: int) -> int:
        """How many rows a run could not read, wholly or in part."""
        count: int = self._db.value(
            "SELECT count(DISTINCT external_id) FROM journal WHERE account = ? AND entity = ? AND kind = 'unreadable'"
            " AND run = ?",
            (account, entity, run),
        )
        return count

    def all(self, kind: str | None = None) -> list[JournalLine]:
        """What was not dismissed first, and of that the lines that most money depends on, whichever way it goes."""
        rows = self._db.all(
            f"SELECT {_COLUMNS} FROM journal WHERE {_STANDS} AND (CAST(? AS TEXT) IS NULL OR kind = ?)"
            " ORDER BY dismissed_by IS NOT NULL, abs(coalesce(amount, 0)) DESC, id",
            (kind, kind),
        )
        return [_line(row) for row in rows]

    def get(self, line_id: int) -> JournalLine | None:
        row = self._db.one(f"SELECT {_COLUMNS} FROM journal WHERE id = ? AND {_STANDS}", (line_id,))
        return None if row is None else _line(row)

    def count(self) -> int:
        """How many lines wait for a person."""
        count: int = self._db.value(f"SELECT count(*) FROM journal WHERE {_STANDS} AND dismissed_by IS NULL")
        return count

    def count_dismissed(self) -> int:
        count: int = self._db.value(f"SELECT count(*) FROM journal WHERE {_STANDS} AND dismissed_by IS NOT NULL")
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
        dismissed_by=row[13],
        dismissed_at=row[14],
    )
