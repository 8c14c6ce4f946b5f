"""Apply: carry out operations through the outbox.

Intent rows first, in one durable transaction; then the calls; then what came of them, in another. An operation whose
outcome is not known stays so until somebody has looked (invariants 2, 3, 5).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.errors import (
    BrokenAnswer,
    ConnectorError,
    Duplicate,
    Missing,
    OutcomeUnknown,
    RejectedError,
    RetryError,
    RowError,
    Stale,
    StopError,
)
from connector.locale import N_
from connector.model.records import as_dict, fields_of, is_ledger, whole_of
from connector.model.routes import EntityRoutes, Route
from connector.model.states import Link, Operation, Shadow, shadow_bytes
from connector.store import Store
from connector.store.crosswalk import NewLink
from connector.store.hub import TO_MERGE, TO_PLAN
from connector.sync.fetch import Spent
from connector.sync.identity import HOW, findable, referring
from connector.sync.ledger.goods import lines_there
from connector.sync.observe import decode
from connector.sync.sight import digest
from connector.sync.view import Mappings, equality
from connector.systems.base import Adapter, Outcome, Row

STOPPED = N_("{account} stopped answering earlier in this run; the rest waits for the next one")

GROUP = 20
"""Intents and outcomes of operations that can be verified are committed in groups of at most so many."""


@dataclass(slots=True)
class Done:
    """What came of one operation; nothing of it is stored yet."""

    operation: Operation
    outcome: Outcome | None = None
    seen: Row | None = None
    how: str = "created"
    error: ConnectorError | None = None


@dataclass(slots=True)
class Tally:
    """What applying came to: how many operations by (entity, account, verb). The outbox has them, one by one."""

    done: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    parked: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    stopped: dict[str, ConnectorError] = field(default_factory=dict)


def kind_of(operation: Operation) -> tuple[str, str, str]:
    """By what operations are counted: a part of a document counts as its whole, by whose route it goes."""
    return whole_of(operation.entity), operation.account, operation.verb


class Applier:
    """Carries out operations. `keep_going` is asked between groups: the run's budget and lock."""

    def __init__(
        self,
        store: Store,
        mappings: Mappings,
        adapters: Mapping[str, Adapter],
        entities: Mapping[str, EntityRoutes],
        run: int,
        at: str,
        keep_going: Callable[[], bool],
        progress: Callable[[Operation], None],
        tally: Tally | None = None,
    ) -> None:
        self.store = store
        self.mappings = mappings
        self.adapters = adapters
        self.entities = entities
        self.run = run
        self.at = at
        self.keep_going = keep_going
        self.progress = progress
        self.tally = Tally() if tally is None else tally
        self.spent: Spent = Counter()
        self.single: set[str] = set()
        """Accounts that are not given batches in this run."""

    def apply(self, operations: Sequence[Operation]) -> None:
        """Carry them out in order; an account that fails is left alone for the rest of the run."""
        for planned in _groups(operations, self._batch):
            if not self.keep_going():
                return
            account = planned[0].account
            if account in self.tally.stopped:
                continue
            group = [operation for operation in planned if self._says_something(operation)]
            if not group:
                continue
            with self.store.transaction(durable=True):
                for operation in group:
                    operation.status = "sent"
                self.store.outbox.intend(group, self.run, self.at)
            before = self.adapters[account].requests()
            results = self._carry_out(group)
            self.spent[group[0].entity, account] += self.adapters[account].requests() - before
            with self.store.transaction(durable=True):
                for result in results:
                    self._record(result)

    def _says_something(self, operation: Operation) -> bool:
        """Leave out references to what is not there after all; they wait, and with nothing else the operation does.

        A fact is told whole or not at all.
        """
        for name, entity in self.mappings[operation.spoke, operation.entity].references.items():
            uid = operation.patch.get(name)
            if isinstance(uid, str) and uid not in self.store.crosswalk.targets(operation.spoke, entity, [uid]):
                if is_ledger(operation.entity):
                    return False
                del operation.patch[name]
        return bool(operation.patch) or operation.verb == "create"

    def _carry_out(self, group: Sequence[Operation]) -> list[Done]:
        if group[0].verb == "stamp":
            return self._stamp(group)
        if group[0].verb == "create" and len(group) > 1 and self._batch(group[0]) > 1:
            return self._create_together(group)
        return self._one_by_one(group)

    def _batch(self, operation: Operation) -> int:
        """How many of these may be created by one call; one by one where an earlier batch came to nothing."""
        if operation.verb != "create" or operation.account in self.single:
            return 1
        return self.adapters[operation.account].capabilities(operation.entity).create_batch

    def _create_together(self, group: Sequence[Operation]) -> list[Done]:
        """One call for all. A batch that is refused as a whole is tried again one by one."""
        results: list[Done] = []
        told: list[tuple[Done, dict[str, Any]]] = []
        for operation in group:
            done = Done(operation)
            try:
                told.append((done, self._raw(operation, None)))
            except RowError as error:
                done.error = error
            results.append(done)
        try:
            outcomes = self.adapters[group[0].account].create_many(
                group[0].entity, [(raw, done.operation.uid) for done, raw in told]
            )
            for (done, _), outcome in zip(told, outcomes, strict=True):
                done.outcome = outcome
        except RejectedError:
            return self._one_by_one(group)
        except ConnectorError as error:
            for done, _ in told:
                done.error = error
            if isinstance(error, RetryError | StopError) and not isinstance(error, BrokenAnswer):
                self.tally.stopped[group[0].account] = error
        for operation in group:
            self.progress(operation)
        return results

    def _one_by_one(self, group: Sequence[Operation]) -> list[Done]:
        results: list[Done] = []
        for operation in group:
            if operation.account in self.tally.stopped:
                results.append(Done(operation, error=RetryError(STOPPED, account=operation.account)))
                continue
            done = self._attempt(operation)
            results.append(done)
            self.progress(operation)
            if isinstance(done.error, RetryError | StopError) and not isinstance(done.error, BrokenAnswer):
                self.tally.stopped[operation.account] = done.error
        return results

    def _attempt(self, operation: Operation) -> Done:
        done = Done(operation)
        try:
            if operation.verb == "create":
                self._create(done)
            else:
                self._change(done)
        except ConnectorError as error:
            done.error = error
        return done

    # calls

    def _create(self, done: Done) -> None:
        operation = done.operation
        adapter = self.adapters[operation.account]
        raw = self._raw(operation, None)
        try:
            done.outcome = adapter.create(operation.entity, raw, operation.uid)
        except Duplicate:
            found = self.find(operation)
            if found is None:
                raise
            done.seen, done.how = found
            done.outcome = Outcome(done.seen.external_id)
            return
        if done.outcome.external_id is None:
            self._find_created(done)

    def _find_created(self, done: Done) -> None:
        """The answer told no id: look by what is unique (Saplab). Not found is not known."""
        found = self.find(done.operation)
        if found is None:
            raise OutcomeUnknown(
                N_("{account} accepted the new record but does not show it; it is looked for again in the next run"),
                account=done.operation.account,
            )
        done.seen = found[0]
        done.outcome = Outcome(found[0].external_id)

    def find(self, operation: Operation) -> tuple[Row, str] | None:
        """The one record there that carries a key of this one and is linked to nothing else, and how it was found."""
        adapter = self.adapters[operation.account]
        mapping = self.mappings[operation.spoke, operation.entity]
        can = adapter.capabilities(operation.entity)
        keys = findable(operation.entity, operation.patch, can.find_by)
        if can.keeps_reference:
            keys.insert(0, ("reference", operation.uid))
        for scheme, value in keys:
            rows = adapter.find(operation.entity, scheme, value, mapping.paths)
            known = self.store.crosswalk.resolve(operation.spoke, operation.entity, [row.external_id for row in rows])
            own = [row for row in rows if known.get(row.external_id, operation.uid) == operation.uid]
            free = own if is_ledger(operation.entity) else [row for row in own if not row.gone]
            if len(free) == 1:
                return free[0], HOW.get(scheme, "created")
        return None

    def _change(self, done: Done) -> None:
        operation = done.operation
        adapter = self.adapters[operation.account]
        can = adapter.capabilities(operation.entity)
        assert operation.external_id is not None
        current = None
        if can.readable:
            current = self._guard(done, adapter)
        if operation.verb == "deactivate" and self._route(operation).deletion == "delete" and can.can_delete:
            done.outcome = adapter.delete(operation.entity, operation.external_id)
            return
        raw = self._raw(operation, current)
        done.outcome = adapter.update(operation.entity, operation.external_id, raw, current)

    def _guard(self, done: Done, adapter: Adapter) -> Row:
        """Read just before the write: what changed since we looked is somebody's edit, not ours to overwrite."""
        operation = done.operation
        mapping = self.mappings[operation.spoke, operation.entity]
        assert operation.external_id is not None
        current = adapter.get(operation.entity, operation.external_id, mapping.paths)
        if current is None:
            raise Missing(
                N_("{account} has no record {external_id} any more"),
                account=operation.account,
                external_id=operation.external_id,
            )
        link = self.store.crosswalk.at(operation.spoke, operation.entity, operation.external_id)
        if link is not None and (link.seen != current.body or link.gone != current.gone):
            problems: list[RowError] = []
            fresh = mapping.read(decode(current.body), problems)
            unread = {problem.field for problem in problems} & operation.patch.keys()
            if link.seen is None or unread or not self._as_expected(operation, mapping, fresh) or current.gone:
                done.seen = current
                raise Stale(
                    N_("record {external_id} changed in {account} since it was looked at"),
                    account=operation.account,
                    external_id=operation.external_id,
                )
        return current

    def _as_expected(self, operation: Operation, mapping: Any, fresh: Any) -> bool:
        """Whether the fields to be written still stand as the plan saw them (other fields are merged next time)."""
        now = as_dict(fresh)
        same = equality(mapping)
        for name, entity in mapping.references.items():
            told = now.get(name)
            if isinstance(told, str):
                now[name] = self.store.crosswalk.resolve(operation.spoke, entity, [told]).get(told, told)
        for name, value in operation.patch.items():
            if name in operation.expect:
                if name not in now or not same(name, now[name], operation.expect[name]):
                    return False
            elif now.get(name) is not None and not same(name, now[name], value):
                return False
        return True

    def _stamp(self, group: Sequence[Operation]) -> list[Done]:
        adapter = self.adapters[group[0].account]
        values = {str(operation.external_id): operation.patch["id_1c"] for operation in group}
        error: ConnectorError | None = None
        try:
            adapter.stamp(group[0].entity, values)
        except ConnectorError as caught:
            error = caught
        for operation in group:
            self.progress(operation)
        outcome = None if error else Outcome(None)
        return [Done(operation, outcome=outcome, error=error) for operation in group]

    def _raw(self, operation: Operation, current: Row | None) -> dict[str, Any]:
        """The raw write fields; references become the target's ids."""
        mapping = self.mappings[operation.spoke, operation.entity]
        values = dict(operation.patch)
        for name, entity in mapping.references.items():
            if isinstance(uid := values.get(name), str):
                values[name] = self.store.crosswalk.targets(operation.spoke, entity, [uid])[uid]
        if mapping.lines is not None and isinstance(lines := values.get("lines"), list):
            needed = "product" in mapping.lines.references
            values["lines"] = lines_there(self.store, operation.spoke, lines, strict=needed)
        if current is None:
            return mapping.write(values, None, new=operation.verb == "create")
        return mapping.write(values, current.full if current.full is not None else decode(current.body))

    # what came of it

    def _record(self, done: Done) -> None:
        operation, error = done.operation, done.error
        if error is None:
            self._succeeded(done)
        elif isinstance(error, OutcomeUnknown | BrokenAnswer):
            self._unknown(operation, error)
        elif isinstance(error, Stale | Missing):
            self._look_again(done)
        elif isinstance(error, RejectedError | RowError):
            self._refused(operation, error)
        else:
            self.store.outbox.withdraw(operation)
            self.tally.stopped.setdefault(operation.account, error)

    def _unknown(self, operation: Operation, error: ConnectorError) -> None:
        evidence = {"before": operation.expect, "expected": operation.patch}
        self.store.outbox.become(operation, "unknown", reason=error, evidence=evidence)
        self.tally.parked[kind_of(operation)] += 1

    def _refused(self, operation: Operation, error: ConnectorError) -> None:
        self.store.outbox.forget_refusals(operation.uid, operation.spoke, operation.verb)
        self.store.outbox.become(operation, "refused", reason=error)
        self.tally.refused[kind_of(operation)] += 1

    def _look_again(self, done: Done) -> None:
        operation = done.operation
        link = self.store.crosswalk.at(operation.spoke, operation.entity, operation.external_id or "")
        self.store.outbox.withdraw(operation)
        if link is None:
            return
        if done.seen is not None:
            self.saw(link, done.seen)
        elif isinstance(done.error, Missing):
            self.store.crosswalk.set_gone([link.id])
        self.store.hub.mark(operation.entity, [operation.uid], TO_MERGE)

    def saw(self, link: Link, row: Row) -> None:
        """Store what a read outside the feed has shown."""
        mapping = self.mappings[link.spoke, link.entity]
        self.store.crosswalk.saw(
            [(row.body, digest(mapping, row.body), row.version, int(row.gone), row.changed_at, link.id)]
        )
        self.store.hub.mark(link.entity, [link.uid], TO_MERGE)

    def _succeeded(self, done: Done) -> None:
        operation = done.operation
        assert done.outcome is not None
        self.store.outbox.forget_refusals(operation.uid, operation.spoke, operation.verb)
        if operation.verb == "create":
            self._linked(done)
        else:
            self._agreed(done)
        self.store.outbox.become(operation, "done", external_id=done.outcome.external_id)
        self.tally.done[kind_of(operation)] += 1

    def _linked(self, done: Done) -> None:
        operation, outcome = done.operation, done.outcome
        assert outcome is not None
        assert outcome.external_id is not None
        row = done.seen or outcome.row
        self.link(operation, outcome.external_id, row, done.how)

    def link(self, operation: Operation, external_id: str, row: Row | None, how: str) -> None:
        """Link a record to what was created for it, or found to be it."""
        mapping = self.mappings[operation.spoke, operation.entity]
        shadow = Shadow()
        if how == "created" or is_ledger(operation.entity):  # a fact found there must be what we would have told
            for name, value in operation.patch.items():
                shadow.agree(name, value, value)
            if "active" in fields_of(operation.entity):
                shadow.agree("active", True, True)  # what has just been created is in use
        new = NewLink(
            external_id=external_id,
            uid=operation.uid,
            primary=1,
            seen=None if row is None else row.body,
            hash=None if row is None else digest(mapping, row.body),
            shadow=shadow_bytes(shadow),
            version=None if row is None else row.version,
            gone=0,
            changed_at=None if row is None else row.changed_at,
            run=self.run,
            how=how,
            by="run",
            at=self.at,
        )
        feed = self.store.crosswalk.feed(operation.spoke, operation.entity)
        new = self._to_survivor(new, feed)
        if self.store.crosswalk.at(operation.spoke, operation.entity, external_id) is None:
            self.store.crosswalk.add(feed, [new])
        self.store.hub.mark(operation.entity, [operation.uid], TO_MERGE if row is not None else TO_PLAN)
        id_scheme = self.adapters[operation.account].capabilities(operation.entity).id_scheme
        if id_scheme is not None:
            self.store.hub.identify([(operation.entity, id_scheme, external_id, operation.uid)])
        for entity, name in referring(operation.entity):
            children = self.store.hub.holders(entity, [operation.uid]).get((name, operation.uid), [])
            self.store.hub.mark(entity, children, TO_PLAN)

    def _to_survivor(self, new: NewLink, feed: int) -> NewLink:
        """What was created for a record that has been merged since is the survivor's; a second one is an alias."""
        uid = self.store.hub.survivor(new.uid)
        if uid == new.uid:
            return new
        taken = uid in self.store.crosswalk.primaries(feed, [uid])
        self.store.hub.mark(self.store.hub.entity_of(uid) or "", [uid], TO_MERGE)
        return new._replace(uid=uid, primary=0 if taken else 1, shadow=None)

    def _agreed(self, done: Done) -> None:
        operation = done.operation
        assert done.outcome is not None
        link = self.store.crosswalk.at(operation.spoke, operation.entity, operation.external_id or "")
        if link is None:
            return
        ignored = dict(link.shadow.ignored)
        for name, value in operation.patch.items():
            link.shadow.agree(name, value, value)
        link.shadow.ignored.update({name: ignored[name] for name in operation.patch if name in ignored})
        written = [*link.shadow.written, *operation.patch] if link.stale else [*operation.patch]
        link.shadow.written = sorted(set(written))
        link.shadow.before.update(
            {name: operation.expect[name] for name in operation.patch if name in operation.expect}
        )
        self.store.crosswalk.wrote(link.id, shadow_bytes(link.shadow))
        if operation.verb == "deactivate" and self._route(operation).deletion == "delete":
            self.store.crosswalk.set_gone([link.id])
        if done.outcome.row is not None:
            self.saw(link, done.outcome.row)

    def _route(self, operation: Operation) -> Route:
        route = self.entities[operation.entity].route(operation.spoke)
        assert route is not None
        return route


def _groups(operations: Sequence[Operation], batch: Callable[[Operation], int]) -> Iterator[list[Operation]]:
    """Neighbours that may share a transaction: one account, entity and way of writing; `never` goes alone."""
    group: list[Operation] = []
    for operation in operations:
        together = batch(operation)
        most = together if together > 1 else GROUP
        if group and (_kin(group[0]) != _kin(operation) or len(group) >= most):
            yield group
            group = []
        group.append(operation)
    if group:
        yield group


def _kin(operation: Operation) -> tuple[object, ...]:
    verb = operation.verb if operation.verb in ("create", "stamp") else "change"
    alone = id(operation) if operation.repeat == "never" else None
    return operation.account, operation.entity, verb, alone
