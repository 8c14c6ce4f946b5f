"""What the store forgets, and when: finished work only, never a question, a record, a link or what was last seen.

What moved money is kept for as long as accounts may be asked for; names, phones and addresses in it only for as long as
they are of use. Everything else that is finished goes with them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connector.model.records import ENTITIES
from connector.store.db import Db
from connector.store.store import Store

MASK: Final = "•••"
"""What stands where somebody's data stood."""

_CHUNK: Final = 500
_RUNS_KEPT: Final = 20
_LAST: Final = "retention"


@dataclass(frozen=True)
class Keep:
    """Days. `money` for what touched an amount or a ledger, and for runs; `rest` for all else that is finished.

    Older than `rest`, what touched money stays, with everybody's data in it masked; and so does, for ever, the word
    that a record was created by us in a system where it still is: matching asks for it.
    """

    money: int = 400
    rest: int = 180

    def __post_init__(self) -> None:
        if not 1 <= self.rest <= self.money:
            raise ValueError("what moved money is kept for at least as long as the rest, and all for a day")


@dataclass
class Expired:
    """How much was forgotten, and how much only masked."""

    operations: int = 0
    conflicts: int = 0
    runs: int = 0
    masked: int = 0


def expire(store: Store, now: datetime, keep: Keep = Keep()) -> Expired:
    """Forget what is old enough at `now` (aware). In small transactions: a run may write between them."""
    done = Expired()
    with _wiping(store.db):
        rest, money = (_before(now, days) for days in (keep.rest, keep.money))
        for found in _finished(store.db, "operation", "done", _OPERATION, rest):
            gone, masked = _forget(store.db, "operation", _OPERATION, found, money)
            done.operations, done.masked = done.operations + gone, done.masked + masked
        for found in _finished(store.db, "conflict", "resolved", _CONFLICT, rest):
            gone, masked = _forget(store.db, "conflict", _CONFLICT, found, money)
            done.conflicts, done.masked = done.conflicts + gone, done.masked + masked
        done.runs = _forget_runs(store.db, money)
    store.db.run(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (_LAST, now.isoformat(timespec="seconds")),
    )
    return done


def is_due(store: Store, now: datetime, every: timedelta = timedelta(days=1)) -> bool:
    """Whether `expire` has not been called for a day: a run need not do it each time."""
    last = store.db.value("SELECT value FROM meta WHERE key = ?", (_LAST,))
    return last is None or not timedelta(0) <= now - datetime.fromisoformat(last) < every


def _before(now: datetime, days: int) -> str:
    """The date before which a stored moment is surely so many days old, whatever its offset."""
    return (now.astimezone(UTC) - timedelta(days=days + 1)).date().isoformat()


_OPERATION: Final = ("patch", "expect", "evidence")
_CONFLICT: Final = ("base", "vals")
_Found = tuple[Any, ...]
"""(id, at, entity, field, whether it must stay, the columns that hold values)"""

_OURS_THERE: Final = (
    "CASE WHEN verb = 'create' AND EXISTS (SELECT 1 FROM link l JOIN feed f ON f.id = l.feed"
    " WHERE l.uid = operation.uid AND l.is_primary = 1 AND f.spoke = operation.spoke AND f.entity = operation.entity)"
    " THEN 1 ELSE 0 END"
)


def _finished(db: Db, table: str, status: str, columns: Sequence[str], before: str) -> Iterator[list[_Found]]:
    """Rows that are finished and old, in chunks, in the order of ids."""
    facts = "field, 0" if table == "conflict" else f"NULL, {_OURS_THERE}"
    last = 0
    while True:
        rows = db.all(
            f"SELECT id, at, entity, {facts}, {', '.join(columns)} FROM {table}"
            " WHERE status = ? AND at < ? AND at <> '' AND id > ? ORDER BY id LIMIT ?",
            (status, before, last, _CHUNK),
        )
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def _forget(db: Db, table: str, columns: Sequence[str], rows: Sequence[_Found], money: str) -> tuple[int, int]:
    """Remove them, or mask what must stay: (removed, masked)."""
    gone: list[tuple[int]] = []
    masked: list[_Found] = []
    for number, at, entity, field, stays, *stored in rows:
        values = [None if text is None else json.loads(text) for text in stored]
        if not stays and (at < money or not _about_money(entity, field, values)):
            gone.append((number,))
            continue
        hidden = [_masked(entity, field, value) for value in values]
        if hidden != values:
            kept = (None if text is None else _dump(value) for text, value in zip(stored, hidden, strict=True))
            masked.append((*kept, number))
    with db.transaction():
        db.many(f"DELETE FROM {table} WHERE id = ?", gone)
        db.many(f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ?", masked)
    return len(gone), len(masked)


def _forget_runs(db: Db, before: str) -> int:
    """Finished runs; the last few stay, so that `status` has something to say of a store that rested."""
    return db.run(
        "DELETE FROM run WHERE started_at < ? AND started_at <> '' AND status <> 'running'"
        " AND id NOT IN (SELECT id FROM run ORDER BY id DESC LIMIT ?)",
        (before, _RUNS_KEPT),
    )


# what touches money, and what belongs to a person


def _about_money(entity: str, field: str | None, values: Sequence[Any]) -> bool:
    """A ledger entity, or an amount of a mirror; an entity that is not known here is taken for a ledger."""
    record = ENTITIES.get(entity)
    if record is None or record.kind == "ledger" or field in record.amounts:
        return True
    return any(name in record.amounts for value in values for name in _names(value))


def _names(value: Any) -> Iterator[str]:
    """Every key, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)


def _masked(entity: str, field: str | None, value: Any) -> Any:
    record = ENTITIES.get(entity)
    personal = record.personal if record is not None else frozenset[str]()
    if field in personal:
        return {name: _hide(inner) for name, inner in value.items()} if isinstance(value, dict) else _hide(value)
    return _mask_named(value, personal)


def _mask_named(value: Any, personal: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {
            name: _hide(inner) if name in personal else _mask_named(inner, personal) for name, inner in value.items()
        }
    return [_mask_named(inner, personal) for inner in value] if isinstance(value, list) else value


def _hide(value: Any) -> Any:
    """Known to be empty stays so: that tells nothing of anybody."""
    return None if value is None else MASK


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@contextmanager
def _wiping(db: Db) -> Iterator[None]:
    """SQLite leaves what was deleted in the file until something is written over it; here it must go at once."""
    if not db.sqlite:
        yield
        return
    db.raw().execute("PRAGMA secure_delete=ON")
    try:
        yield
    finally:
        db.raw().execute("PRAGMA secure_delete=OFF")
    db.raw().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # where a reader holds it up, the next one does it


__all__ = ["MASK", "Expired", "Keep", "expire", "is_due"]
