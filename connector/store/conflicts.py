"""The conflict log: every value that lost, and every question that waits for a person (invariant 7).

This module is the only writer of `conflict`. There is one open conflict per (uid, kind, field), refreshed in place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from connector.model.states import Conflict
from connector.store.db import Db

_COLUMNS = "id, kind, entity, uid, field, base, vals, rule, winner, status, by, at, run"


class Conflicts:
    def __init__(self, db: Db) -> None:
        self._db = db

    def write(self, conflicts: Sequence[Conflict], run: int, at: str) -> None:
        """Store conflicts as they are now; an open one of the same subject is replaced, an equal resolved one kept."""
        for conflict in conflicts:
            row = self._row(conflict, run, at)
            if conflict.status == "open":
                self._refresh(row)
            elif not self._has(row):
                self._add(row)

    def _row(self, conflict: Conflict, run: int, at: str) -> tuple[Any, ...]:
        return (
            conflict.kind,
            conflict.entity,
            conflict.uid,
            conflict.field or "",
            json.dumps(conflict.base, ensure_ascii=False),
            json.dumps(dict(conflict.values), ensure_ascii=False, sort_keys=True),
            conflict.rule,
            conflict.winner,
            conflict.status,
            conflict.by,
            at,
            run,
        )

    def _add(self, row: tuple[Any, ...]) -> None:
        self._db.run(
            "INSERT INTO conflict (kind, entity, uid, field, base, vals, rule, winner, status, by, at, run)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )

    def _refresh(self, row: tuple[Any, ...]) -> None:
        kind, _, uid, field, base, values, rule, *_ = row
        same = "uid = ? AND kind = ? AND field = ? AND status = 'open'"
        held = self._db.one(f"SELECT id, base, vals FROM conflict WHERE {same}", (uid, kind, field))
        if held is None:
            self._add(row)
        elif held[1:] != (base, values):
            self._db.run(
                "UPDATE conflict SET base = ?, vals = ?, rule = ?, at = ?, run = ? WHERE id = ?",
                (base, values, rule, row[10], row[11], held[0]),
            )

    def _has(self, row: tuple[Any, ...]) -> bool:
        """The same values decided the same way in the same run: a merge repeated after a failed write."""
        kind, _, uid, field, base, values, rule, winner, *_ = row
        return (
            self._db.one(
                "SELECT id FROM conflict WHERE uid = ? AND kind = ? AND field = ? AND base = ? AND vals = ?"
                " AND rule = ? AND winner = ? AND status = 'resolved' AND run = ?",
                (uid, kind, field, base, values, rule, winner, row[11]),
            )
            is not None
        )

    def get(self, conflict_id: int) -> Conflict | None:
        row = self._db.one(f"SELECT {_COLUMNS} FROM conflict WHERE id = ?", (conflict_id,))
        return None if row is None else _conflict(row)

    def all(self, status: str | None = None, run: int | None = None) -> list[Conflict]:
        rows = self._db.all(
            f"SELECT {_COLUMNS} FROM conflict WHERE (CAST(? AS TEXT) IS NULL OR status = ?)"
            " AND (CAST(? AS INTEGER) IS NULL OR run = ?) ORDER BY id",
            (status, status, run, run),
        )
        return [_conflict(row) for row in rows]

    def open_of(self, uids: Iterable[str]) -> dict[str, list[Conflict]]:
        found: dict[str, list[Conflict]] = {}
        rows = self._db.all(
            f"SELECT {_COLUMNS} FROM conflict WHERE status = 'open' AND uid {self._db.among} ORDER BY id",
            (self._db.listed(uids),),
        )
        for row in rows:
            conflict = _conflict(row)
            found.setdefault(conflict.uid, []).append(conflict)
        return found

    def close(self, conflict_id: int, winner: str | None, by: str, rule: str, at: str) -> None:
        self._db.run(
            "UPDATE conflict SET status = 'resolved', winner = ?, by = ?, rule = ?, at = ? WHERE id = ?",
            (winner, by, rule, at, conflict_id),
        )

    def vanish(self, uid: str, field: str, rule: str, at: str) -> None:
        """An open conflict that is no more: the sides agree by themselves."""
        self._db.run(
            "UPDATE conflict SET status = 'resolved', by = ?, at = ?"
            " WHERE uid = ? AND kind = 'field' AND field = ? AND status = 'open'",
            (rule, at, uid, field),
        )

    def move(self, uid: str, survivor: str) -> None:
        """Close what was asked about a record that has been merged into another."""
        self._db.run(
            "UPDATE conflict SET status = 'resolved', winner = ?, by = 'merge' WHERE uid = ? AND status = 'open'",
            (survivor, uid),
        )

    def count_open(self) -> int:
        count: int = self._db.value("SELECT count(*) FROM conflict WHERE status = 'open'")
        return count


def _conflict(row: tuple[Any, ...]) -> Conflict:
    return Conflict(
        id=row[0],
        kind=row[1],
        entity=row[2],
        uid=row[3],
        field=row[4] or None,
        base=json.loads(row[5]),
        values=json.loads(row[6]),
        rule=row[7],
        winner=row[8],
        status=row[9],
        by=row[10],
        at=row[11],
        run=row[12],
    )
