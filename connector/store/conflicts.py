"""The conflict log: every value that lost, and every question that waits for a person (invariant 7).

This module is the only writer of `conflict`. There is one open conflict per (uid, kind, field), refreshed in place.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from connector.model.states import Conflict
from connector.store.db import Db

_COLUMNS = "id, kind, entity, uid, field, base, vals, rule, winner, status, by, at, run"

_OF_OPEN = "status = 'open' AND uid > ''"
"""Answered from the index of the open ones, which begins with the uid; decided ones are not looked through."""


class _Row(NamedTuple):
    """A conflict as it is stored, in the column order of the insert."""

    kind: str
    entity: str
    uid: str
    field: str
    base: str
    values: str
    rule: str
    winner: str | None
    status: str
    by: str | None
    at: str
    run: int

    @property
    def subject(self) -> tuple[str, str, str]:
        return self.uid, self.kind, self.field

    @property
    def decision(self) -> tuple[Any, ...]:
        return (*self.subject, self.base, self.values, self.rule, self.winner)


class _Held(NamedTuple):
    """An open conflict that stands in the store."""

    id: int
    base: str
    values: str


def _row(conflict: Conflict, run: int, at: str) -> _Row:
    return _Row(
        kind=conflict.kind,
        entity=conflict.entity,
        uid=conflict.uid,
        field=conflict.field or "",
        base=json.dumps(conflict.base, ensure_ascii=False),
        values=json.dumps(dict(conflict.values), ensure_ascii=False, sort_keys=True),
        rule=conflict.rule,
        winner=conflict.winner,
        status=conflict.status,
        by=conflict.by,
        at=at,
        run=run,
    )


class Conflicts:
    """Open questions, and everything that was decided."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def write(self, conflicts: Sequence[Conflict], run: int, at: str) -> None:
        """Store conflicts as they are now; an open one of the same subject is refreshed in place.

        A resolved one that this run has written already (a merge repeated after a failure) is not written again.
        """
        if not conflicts:
            return
        rows = [_row(conflict, run, at) for conflict in conflicts]
        with self._db.transaction():
            held, decided = self._held({row.uid for row in rows}, run)
            fresh: dict[tuple[Any, ...], _Row] = {}
            for row in rows:
                if row.status != "open":
                    if row.decision not in decided:
                        fresh.setdefault(row.decision, row)
                elif row.subject in held:
                    self._refresh(row, held[row.subject])
                else:
                    fresh[row.subject] = row
            self._db.many(
                "INSERT INTO conflict (kind, entity, uid, field, base, vals, rule, winner, status, by, at, run)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                list(fresh.values()),
            )

    def _held(self, uids: Iterable[str], run: int) -> tuple[dict[tuple[str, str, str], _Held], set[tuple[Any, ...]]]:
        """What stands there already: the open ones by subject, and the decisions of this run."""
        held: dict[tuple[str, str, str], _Held] = {}
        decided: set[tuple[Any, ...]] = set()
        rows = self._db.all(
            "SELECT id, uid, kind, field, base, vals, rule, winner, status, run FROM conflict"
            f" WHERE uid {self._db.among}",
            (self._db.listed(uids),),
        )
        for number, uid, kind, field, base, values, rule, winner, status, of_run in rows:
            if status == "open":
                held[uid, kind, field] = _Held(number, base, values)
            elif of_run == run:
                decided.add((uid, kind, field, base, values, rule, winner))
        return held, decided

    def _refresh(self, row: _Row, held: _Held) -> None:
        if (held.base, held.values) != (row.base, row.values):
            self._db.run(
                "UPDATE conflict SET base = ?, vals = ?, rule = ?, at = ?, run = ? WHERE id = ?",
                (row.base, row.values, row.rule, row.at, row.run, held.id),
            )

    def get(self, conflict_id: int) -> Conflict | None:
        row = self._db.one(f"SELECT {_COLUMNS} FROM conflict WHERE id = ?", (conflict_id,))
        return None if row is None else _conflict(row)

    def all(self, status: str | None = None, run: int | None = None) -> list[Conflict]:
        """In the order they arose, of one status or one run where asked so."""
        asked = {"status": status, "run": run}
        wanted = [f"{name} = ?" for name, value in asked.items() if value is not None]
        rows = self._db.all(
            f"SELECT {_COLUMNS} FROM conflict {'WHERE ' if wanted else ''}{' AND '.join(wanted)} ORDER BY id",
            [value for value in asked.values() if value is not None],
        )
        return [_conflict(row) for row in rows]

    def by_rule(self, rule: str) -> list[Conflict]:
        """The open ones under a rule, in the order they arose."""
        rows = self._db.all(f"SELECT {_COLUMNS} FROM conflict WHERE {_OF_OPEN} AND rule = ?", (rule,))
        return [_conflict(row) for row in sorted(rows, key=itemgetter(0))]

    def rivals(self, entity: str) -> dict[str, set[str]]:
        """Each record in an open question of who is who -> those that it may be the same as."""
        found: dict[str, set[str]] = {}
        rows = self._db.all(
            f"SELECT uid, vals FROM conflict WHERE {_OF_OPEN} AND kind = 'identity' AND entity = ?", (entity,)
        )
        for uid, values in rows:
            for rival in {rival for uids in json.loads(values).values() for rival in uids}:
                found.setdefault(uid, set()).add(rival)
                found.setdefault(rival, set()).add(uid)
        return found

    def withdraw(self, conflict_ids: Sequence[int]) -> None:
        """Forget questions that have answered themselves before anybody was asked."""
        self._db.many("DELETE FROM conflict WHERE id = ?", [(conflict_id,) for conflict_id in conflict_ids])

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

    def decided(self, uids: Iterable[str], kind: str, field: str) -> dict[str, Conflict]:
        """uid -> what was last decided about this field of it."""
        rows = self._db.all(
            f"SELECT {_COLUMNS} FROM conflict WHERE status = 'resolved' AND kind = ? AND field = ?"
            f" AND uid {self._db.among} ORDER BY id",
            (kind, field, self._db.listed(uids)),
        )
        return {conflict.uid: conflict for conflict in map(_conflict, rows)}

    def naming(self, uids: Sequence[str]) -> list[Conflict]:
        """The open questions of who is who that ask about any of these records, in the order they arose."""
        named = " OR ".join("vals LIKE ?" for _ in uids)
        rows = self._db.all(
            f"SELECT {_COLUMNS} FROM conflict WHERE {_OF_OPEN} AND kind = 'identity'"
            f" AND (uid {self._db.among} OR {named})",
            (self._db.listed(uids), *(f"%{uid}%" for uid in uids)),
        )
        return [_conflict(row) for row in sorted(rows, key=itemgetter(0))]

    def close(self, conflict_id: int, winner: str | None, by: str, rule: str, at: str) -> bool:
        """Decide an open conflict; False when it was decided already, which is never decided over."""
        touched = self._db.run(
            "UPDATE conflict SET status = 'resolved', winner = ?, by = ?, rule = ?, at = ?"
            " WHERE id = ? AND status = 'open'",
            (winner, by, rule, at, conflict_id),
        )
        return touched == 1

    def vanish(self, uid: str, field: str, rule: str, at: str) -> None:
        """An open conflict that is no more: the sides agree by themselves."""
        self._db.run(
            "UPDATE conflict SET status = 'resolved', by = ?, at = ?"
            " WHERE uid = ? AND kind = 'field' AND field = ? AND status = 'open'",
            (rule, at, uid, field),
        )

    def move(self, uid: str, survivor: str) -> None:
        """Close what was asked about the values of a record that has been merged into another: they are merged anew."""
        self._db.run(
            "UPDATE conflict SET status = 'resolved', winner = ?, by = 'merge'"
            " WHERE uid = ? AND status = 'open' AND kind <> 'identity'",
            (survivor, uid),
        )

    def counts(self, run: int, chunk: int = 1000) -> list[tuple[str, str, int]]:
        """(entity, spoke, how many of a run's conflicts have a value of it)."""
        found: Counter[tuple[str, str]] = Counter()
        last = 0
        while rows := self._db.all(
            "SELECT id, entity, vals FROM conflict WHERE run = ? AND id > ? ORDER BY id LIMIT ?", (run, last, chunk)
        ):
            last = rows[-1][0]
            found.update((entity, spoke) for _, entity, values in rows for spoke in json.loads(values))
        return [(entity, spoke, count) for (entity, spoke), count in sorted(found.items())]

    def count_identity(self, entities: Collection[str]) -> int:
        """How many questions of who is who are open about records of these entities."""
        count: int = self._db.value(
            f"SELECT count(*) FROM conflict WHERE {_OF_OPEN} AND kind = 'identity' AND entity {self._db.among}",
            (self._db.listed(entities),),
        )
        return count

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
