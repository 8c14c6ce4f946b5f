"""The remote side of a system in memory: rows, their users, and what it refuses."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connector.errors import Duplicate, Invalid, Missing
from connector.locale import N_
from connector.systems.base import Raw
from connector.systems.memory.faults import Faults, Step
from connector.systems.memory.table import Table, as_text


@dataclass
class Stored:
    """A row as the system keeps it. `tick` is the system's own count of changes, `removed` a trace of a deletion."""

    external_id: str
    fields: dict[str, Any]
    tick: int
    at: datetime
    removed: bool = False


class MemorySystem:
    """The remote side, shared by all its accounts. Its own users work through `add`, `edit`, `remove`, `merge`."""

    def __init__(
        self,
        tables: Mapping[str, Table],
        *,
        faults: Faults | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.tables = dict(tables)
        self.faults = faults
        self.lock = threading.RLock()
        self.effects: dict[tuple[str, str], int] = {}  # (verb, entity) -> how many writes took effect
        self._rows: dict[str, dict[str, Stored]] = {entity: {} for entity in tables}
        self._clock = clock
        self._tick = 0
        self._next_id = 1

    # -- what its users do

    def add(self, entity: str, /, **fields: Any) -> str:
        """A user enters a new record; its id."""
        return self.insert(entity, fields, None).external_id

    def edit(self, entity: str, external_id: str, /, **fields: Any) -> None:
        """A user changes fields of a record."""
        self.change(entity, external_id, fields)

    def remove(self, entity: str, external_id: str) -> None:
        """A user deletes a record for good."""
        with self.lock:
            row = self._row(entity, external_id)
            row.removed = True
            self._touch(row)

    def merge(self, entity: str, loser: str, survivor: str) -> None:
        """A user joins two records: the survivor takes what it lacked, the loser is marked deleted, or removed."""
        with self.lock:
            lost, kept = self._row(entity, loser), self._row(entity, survivor)
            missing = {raw: value for raw, value in lost.fields.items() if value and not kept.fields.get(raw)}
            mark = self.tables[entity].mark
            if mark is None:
                self.remove(entity, loser)
            else:
                lost.fields[mark] = True
                self._touch(lost)
            kept.fields.update({raw: value for raw, value in missing.items() if raw != mark})
            self._touch(kept)

    def rows(self, entity: str) -> dict[str, dict[str, Any]]:
        """All records as they stand, by id; a copy."""
        with self.lock:
            return {row.external_id: copy.deepcopy(row.fields) for row in self.living(entity)}

    # -- what its interface does

    def living(self, entity: str) -> list[Stored]:
        """The records that exist, oldest first."""
        return [row for row in self._rows[entity].values() if not row.removed]

    def changed(self, entity: str, since: int, *, inclusive: bool) -> list[Stored]:
        """The records changed after the tick `since` (or at it), deleted ones too, in the order of change."""
        rows = [row for row in self._rows[entity].values() if row.tick > since or (inclusive and row.tick == since)]
        return sorted(rows, key=lambda row: row.tick)

    def read(self, entity: str, external_id: str) -> Stored | None:
        row = self._rows[entity].get(external_id)
        return None if row is None or row.removed else row

    def insert(self, entity: str, fields: Raw, external_id: str | None) -> Stored:
        """A new record, spelled and completed by the system. Raises Duplicate and Invalid."""
        with self.lock:
            table = self.tables[entity]
            self._refuse_unknown(entity, fields)
            self._refuse_lacking(entity, fields)
            if external_id is not None and external_id in self._rows[entity]:
                raise Duplicate(N_("{entity} {external_id} exists already"), entity=entity, external_id=external_id)
            spelled = {raw: copy.deepcopy(column.default) for raw, column in table.columns.items()}
            spelled |= self._spelled(entity, fields)
            self._refuse_taken(entity, spelled, except_id=None)
            row = Stored(external_id or self._new_id(), spelled, 0, self._clock())
            self._rows[entity][row.external_id] = row
            self._touch(row)
            return row

    def take_back(self, entity: str, rows: Sequence[Stored]) -> None:
        """Forget rows that were just entered: a batch with a refused row is refused as a whole."""
        for row in rows:
            del self._rows[entity][row.external_id]

    def change(self, entity: str, external_id: str, fields: Raw) -> Stored:
        """These fields and no others. Raises Missing, Duplicate and Invalid."""
        with self.lock:
            row = self._row(entity, external_id)
            self._refuse_unknown(entity, fields)
            spelled = self._spelled(entity, fields)
            self._refuse_taken(entity, spelled, except_id=external_id)
            row.fields.update(spelled)
            self._touch(row)
            return row

    def strike(self, step: Step) -> None:
        """Raise what the faults have for this step."""
        error = None if self.faults is None else self.faults(step)
        if error is not None:
            raise error

    def _row(self, entity: str, external_id: str) -> Stored:
        row = self.read(entity, external_id)
        if row is None:
            raise Missing(N_("there is no {entity} {external_id}"), entity=entity, external_id=external_id)
        return row

    def _touch(self, row: Stored) -> None:
        self._tick += 1
        row.tick, row.at = self._tick, self._clock()

    def _new_id(self) -> str:
        self._next_id += 1
        return str(self._next_id - 1)

    def _spelled(self, entity: str, fields: Raw) -> dict[str, Any]:
        columns = self.tables[entity].columns
        return {raw: columns[raw].spelling(copy.deepcopy(value)) for raw, value in fields.items()}

    def _refuse_unknown(self, entity: str, fields: Raw) -> None:
        for raw in fields:
            if raw not in self.tables[entity].columns:
                raise Invalid(N_("{entity} has no field {field}"), entity=entity, field=raw)

    def _refuse_lacking(self, entity: str, fields: Raw) -> None:
        for raw, column in self.tables[entity].columns.items():
            if column.required and as_text(fields.get(raw)) is None:
                raise Invalid(N_("{entity}: {field} must be filled"), entity=entity, field=raw)

    def _refuse_taken(self, entity: str, spelled: Raw, except_id: str | None) -> None:
        for raw, value in spelled.items():
            column = self.tables[entity].columns[raw]
            key = column.canonical(value) if column.unique else None
            if key is None:
                continue
            for row in self.living(entity):
                if row.external_id != except_id and column.canonical(row.fields.get(raw)) == key:
                    raise Duplicate(
                        N_("{entity}: {field} is taken by {external_id}"),
                        entity=entity,
                        field=raw,
                        external_id=row.external_id,
                    )
