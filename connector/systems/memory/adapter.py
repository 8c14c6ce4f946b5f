"""One account of a system in memory: the adapter protocol over a `MemorySystem`."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from connector.errors import Invalid, RejectedError, Stale
from connector.locale import N_, Sentence
from connector.systems.base import Capabilities, Check, Outcome, Page, Raw, Row
from connector.systems.memory.faults import Step, Verb
from connector.systems.memory.remote import MemorySystem, Stored
from connector.systems.memory.table import Table, as_text
from connector.systems.rows import canonical_body


class MemoryAdapter:
    """One account of a `MemorySystem`."""

    def __init__(
        self, system: MemorySystem, *, account: str = "memory", kind: str = "memory", spoke: str | None = None
    ) -> None:
        self.system = system
        self.account, self.kind, self.spoke = account, kind, spoke or account
        self._requests = 0

    def capabilities(self, entity: str) -> Capabilities:
        table = self.system.tables.get(entity)
        return Capabilities() if table is None else table.capabilities()

    def feed(self, entity: str, paths: Sequence[str], cursor: str | None = None) -> Iterator[Page]:
        table = self._table(entity)
        if not table.readable or table.feed == "none":
            raise Invalid(N_("{account} gives no list of {entity}"), account=self.account, entity=entity)
        if table.feed == "snapshot":
            return self._snapshot(entity, paths)
        return self._delta(entity, paths, int(cursor or 0), inclusive=table.feed == "window")

    def get(self, entity: str, external_id: str, paths: Sequence[str]) -> Row | None:
        self._refuse_unreadable(entity)
        step = self._begin("get", entity)
        with self.system.lock:
            stored = self.system.read(entity, external_id)
            row = None if stored is None else self._as_row(entity, stored, paths, full=True)
        self._end(step)
        return row

    def find(self, entity: str, scheme: str, value: str, paths: Sequence[str]) -> list[Row]:
        self._refuse_unreadable(entity)
        self._refuse_scheme(entity, scheme)
        step = self._begin("find", entity)
        with self.system.lock:
            found = [row for row in self.system.living(entity) if value in self._keys(entity, scheme, row)]
            rows = [self._as_row(entity, row, paths, full=True) for row in found]
        self._end(step)
        return rows

    def create(self, entity: str, patch: Raw, reference: str) -> Outcome:
        return self._insert(entity, [(patch, reference)])[0]

    def create_many(self, entity: str, patches: Sequence[tuple[Raw, str]]) -> list[Outcome]:
        if len(patches) > self._table(entity).create_batch:
            raise Invalid(N_("{account}: too many {entity} at once"), account=self.account, entity=entity)
        return self._insert(entity, patches)

    def update(self, entity: str, external_id: str, patch: Raw, current: Row | None) -> Outcome:
        table = self._allowed(entity, "can_update")
        step = self._begin("update", entity)
        with self._named(), self.system.lock:
            self._refuse_stale(entity, external_id, current)
            form = patch if table.partial_update or current is None else {**(current.full or {}), **patch}
            stored = self.system.change(entity, external_id, form)
            outcome = self._outcome(entity, stored)
        self._effect(step)
        return outcome

    def delete(self, entity: str, external_id: str) -> Outcome:
        self._allowed(entity, "can_delete")
        step = self._begin("delete", entity)
        with self._named():
            self.system.remove(entity, external_id)
        self._effect(step)
        return Outcome(external_id)

    def stamp(self, entity: str, values: Mapping[str, str | None]) -> None:
        column = self._table(entity).stamp
        if column is None:
            raise Invalid(N_("{account} takes no 1C identifier of {entity}"), account=self.account, entity=entity)
        step = self._begin("stamp", entity)
        with self._named(), self.system.lock:
            for external_id, guid in values.items():
                self.system.change(entity, external_id, {column: guid})
        self._effect(step)

    def call(self, endpoint: str, params: Mapping[str, Any]) -> Any:
        """The endpoints are `rows.<entity>`: every record as it stands."""
        entity = endpoint.removeprefix("rows.")
        if endpoint == entity or entity not in self.system.tables or params:
            raise Invalid(N_("{account} has no endpoint {endpoint}"), account=self.account, endpoint=endpoint)
        step = self._begin("call", entity)
        rows = self.system.rows(entity)
        self._end(step)
        return rows

    def check(self, entities: Mapping[str, Sequence[str]]) -> list[Check]:
        self._end(self._begin("check", ""))
        checks = [Check(name="reachable", ok=True, text=Sentence(N_("the system answers")))]
        for entity, paths in entities.items():
            lacking = [path for path in paths if path not in self._table(entity).columns]
            text = Sentence(N_("{entity} has no fields {fields}"), entity=entity, fields=", ".join(lacking))
            checks.append(Check(name="fields", ok=not lacking, text=text if lacking else Sentence(entity)))
        return checks

    def requests(self) -> int:
        return self._requests

    def close(self) -> None:
        """Nothing is held open."""

    # -- steps

    def _begin(self, verb: Verb, entity: str) -> Step:
        self._requests += 1
        step = Step(self.account, verb, entity, "before", self._requests)
        self.system.strike(step)
        return step

    def _end(self, step: Step) -> None:
        self.system.strike(step._replace(moment="after"))

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Refusals of the system say which account they were given to."""
        try:
            yield
        except RejectedError as error:
            error.sentence.facts.setdefault("account", self.account)
            raise

    def _effect(self, step: Step) -> None:
        key = (step.verb, step.entity)
        self.system.effects[key] = self.system.effects.get(key, 0) + 1
        self._end(step)

    # -- reading

    def _snapshot(self, entity: str, paths: Sequence[str]) -> Iterator[Page]:
        """Pages by the order of entry: a row that is added or removed meanwhile shifts no other."""
        seen: set[str] = set()
        while True:
            step = self._begin("feed", entity)
            with self.system.lock:
                rest = [row for row in self.system.living(entity) if row.external_id not in seen]
                part = rest[: self._table(entity).page_size]
                rows = [self._as_row(entity, row, paths) for row in part]
            self._end(step)
            seen.update(row.external_id for row in rows)
            yield Page(rows)
            if len(rest) == len(part):
                return

    def _delta(self, entity: str, paths: Sequence[str], since: int, *, inclusive: bool) -> Iterator[Page]:
        while True:
            step = self._begin("feed", entity)
            with self.system.lock:
                rest = self.system.changed(entity, since, inclusive=inclusive)
                part = rest[: self._table(entity).page_size]
                rows = [self._as_row(entity, row, paths) for row in part]
                since = part[-1].tick if part else since
            self._end(step)
            yield Page(rows, str(since))
            if len(rest) == len(part):
                return
            inclusive = False

    def _as_row(self, entity: str, stored: Stored, paths: Sequence[str], *, full: bool = False) -> Row:
        table = self._table(entity)
        return Row(
            external_id=stored.external_id,
            body=canonical_body(stored.fields, paths),
            version=str(stored.tick) if table.versioned else None,
            gone=stored.removed or (table.mark is not None and bool(stored.fields.get(table.mark))),
            changed_at=stored.at.isoformat() if table.times else None,
            full=copy.deepcopy(stored.fields) if full else None,
        )

    def _keys(self, entity: str, scheme: str, stored: Stored) -> Iterable[str | None]:
        table = self._table(entity)
        if scheme == "reference":
            yield stored.external_id if table.chosen_id else as_text(stored.fields.get(table.reference or ""))
        for raw, column in table.columns.items():
            if column.scheme == scheme:
                yield column.canonical(stored.fields.get(raw))

    # -- writing

    def _insert(self, entity: str, patches: Sequence[tuple[Raw, str]]) -> list[Outcome]:
        table = self._allowed(entity, "can_create")
        step = self._begin("create", entity)
        created: list[Stored] = []
        with self._named(), self.system.lock:
            try:
                for patch, reference in patches:
                    fields = dict(patch) if table.reference is None else {**patch, table.reference: reference}
                    created.append(self.system.insert(entity, fields, reference if table.chosen_id else None))
            except RejectedError:
                self.system.take_back(entity, created)
                raise
            outcomes = [self._outcome(entity, stored) for stored in created]
        self._effect(step)
        return outcomes

    def _outcome(self, entity: str, stored: Stored) -> Outcome:
        table = self._table(entity)
        row = self._as_row(entity, stored, tuple(table.columns), full=True) if table.reads_back else None
        version = str(stored.tick) if table.versioned else None
        return Outcome(stored.external_id if table.returns_id else None, row, version)

    # -- refusals

    def _table(self, entity: str) -> Table:
        table = self.system.tables.get(entity)
        if table is None:
            raise Invalid(N_("{account} knows no {entity}"), account=self.account, entity=entity)
        return table

    def _allowed(self, entity: str, verb: Literal["can_create", "can_update", "can_delete"]) -> Table:
        table = self._table(entity)
        if not getattr(table, verb):
            raise Invalid(N_("{account} lets nobody do this with {entity}"), account=self.account, entity=entity)
        return table

    def _refuse_unreadable(self, entity: str) -> None:
        if not self._table(entity).readable:
            raise Invalid(N_("{account}: {entity} can be written only"), account=self.account, entity=entity)

    def _refuse_scheme(self, entity: str, scheme: str) -> None:
        if scheme not in self._table(entity).capabilities().find_by:
            raise Invalid(
                N_("{account} cannot look up {entity} by {scheme}"), account=self.account, entity=entity, scheme=scheme
            )

    def _refuse_stale(self, entity: str, external_id: str, current: Row | None) -> None:
        stored = self.system.read(entity, external_id)
        if current is None or stored is None or not self._table(entity).versioned:
            return
        if current.version != str(stored.tick):
            raise Stale(
                N_("{account}: {entity} {external_id} changed since it was read"),
                account=self.account,
                entity=entity,
                external_id=external_id,
            )
