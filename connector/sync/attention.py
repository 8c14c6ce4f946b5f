"""What a person says about what waits: operations whose outcome is open or refused, and lines of the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.errors import UsageError
from connector.locale import N_
from connector.model.states import JournalLine, Operation, shadow_bytes
from connector.store import Store
from connector.store.hub import TO_MERGE, TO_PLAN
from connector.sync.apply import Applier
from connector.sync.ledger.offers import Offers, version_of
from connector.sync.view import Mappings
from connector.systems.base import Adapter

_WAITING = ("refused", "unknown", "parked", "offered")


def find(store: Store, operation_id: int) -> Operation:
    """An operation that waits for a person. UsageError for one that does not."""
    operation = store.outbox.get(operation_id)
    if operation is None:
        raise UsageError(N_("there is no operation {id}"), id=operation_id)
    if operation.status == "done":
        raise UsageError(N_("operation {id} is done already"), id=operation_id)
    if operation.status not in _WAITING:
        raise UsageError(N_("operation {id} is under way; the next sync looks what became of it"), id=operation_id)
    return operation


def again(store: Store, operation: Operation) -> None:
    """It did not happen there, and is wanted: the next run plans it anew. UsageError for a call of a person."""
    if operation.verb == "call":
        text = N_("operation {id} was a call by hand: make it again with `connector call`, then drop this one")
        raise UsageError(text, id=operation.id)
    with store.transaction(durable=True):
        store.outbox.withdraw(operation)
        store.hub.mark(operation.entity, [operation.uid], TO_PLAN)


def drop(store: Store, operation: Operation) -> None:
    """It did not happen there and is not wanted. It is planned again only when the record changes."""
    with store.transaction(durable=True):
        store.outbox.withdraw(operation)


def confirm(
    store: Store,
    operation: Operation,
    applier: Applier,
    adapter: Adapter,
    mappings: Mappings,
    external_id: str | None,
    *,
    by: str,
) -> None:
    """It did happen there. A created record must be named, so that it can be linked; it is read before."""
    if operation.verb == "create":
        if external_id is None:
            raise UsageError(N_("operation {id} created a record: say which with --external-id"), id=operation.id)
        row = adapter.get(operation.entity, external_id, mappings[operation.spoke, operation.entity].paths)
        if row is None and adapter.capabilities(operation.entity).collects:
            _taken(store, operation, mappings, external_id, by, applier.at)
            return
        if row is None:
            text = N_("{account} has no {entity} {id}")
            raise UsageError(text, account=operation.account, entity=operation.entity, id=external_id)
        with store.transaction(durable=True):
            applier.link(operation, external_id, row, "manual")
            _done(store, operation, external_id, by)
        return
    with store.transaction(durable=True):
        _agree(store, operation)
        _done(store, operation, operation.external_id, by)


def _taken(store: Store, operation: Operation, mappings: Mappings, external_id: str, by: str, at: str) -> None:
    """Who comes for it cannot be asked: a person's word counts, and what it shows next is compared."""
    evidence = {**operation.evidence, "confirmed_by": by}
    with store.transaction(durable=True):
        store.outbox.become(operation, "offered", reason=operation.reason, evidence=evidence)
        offers = Offers(store, {}, mappings, at)
        offers.acknowledge({operation.id: version_of(operation)}, {operation.id: external_id})


def _agree(store: Store, operation: Operation) -> None:
    link = store.crosswalk.at(operation.spoke, operation.entity, operation.external_id or "")
    if link is None:
        return
    for name, value in operation.patch.items():
        link.shadow.agree(name, value, value)
    link.shadow.written = sorted({*(link.shadow.written if link.stale else ()), *operation.patch})
    store.crosswalk.wrote(link.id, shadow_bytes(link.shadow))


def _done(store: Store, operation: Operation, external_id: str | None, by: str) -> None:
    evidence = {**operation.evidence, "confirmed_by": by}
    store.outbox.become(operation, "done", evidence=evidence, external_id=external_id)
    if operation.verb != "call":
        store.hub.mark(operation.entity, [operation.uid], TO_MERGE)


def look_again(store: Store, lines: Sequence[JournalLine], spokes: Mapping[str, str]) -> int:
    """The next run reads these rows anew, as they were last seen, and plans their records anew. How many records.

    `spokes` says which spoke is behind an account. A row without an identity is read anew with every feed anyway.
    """
    found: set[tuple[str, str]] = set()
    for line in lines:
        link = store.crosswalk.at(spokes.get(line.account, line.account), line.entity, line.external_id)
        uid = line.uid or (link.uid if link is not None else None)
        if uid is not None:
            found.add((line.entity, store.hub.survivor(uid)))
    with store.transaction():
        for entity, uid in sorted(found):
            store.hub.mark(entity, [uid], TO_MERGE)
    return len(found)
