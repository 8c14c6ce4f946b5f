"""What waits for a receiver that comes for it: given whole and in order, again and again, until it is acknowledged.

    offers = Offers(store, routes, mappings, at)
    for offer in offers.pending("site"):       # a query of 1C, a file to be written
        ...                                    # offer.raw in the words of its mapping, offer.record in ours
    offers.acknowledge([offer.id, ...])        # it has been taken: a success, a confirmation
    offers.echo("site", rows)                  # or it comes back with the receiver's own number: surest of all

A repeated question is no proof of anything. What is not acknowledged is offered again, as it stands then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.errors import RowError
from connector.model.routes import EntityRoutes
from connector.model.states import Operation, Shadow, shadow_bytes
from connector.store import Store
from connector.store.crosswalk import NewLink
from connector.store.hub import TO_MERGE
from connector.sync.ledger.goods import lines_there
from connector.sync.rows import decode
from connector.sync.sight import digest
from connector.sync.view import Mappings
from connector.systems.base import Row


@dataclass(frozen=True)
class Offer:
    """One operation that waits. `raw` are the fields in the words of the channel's mapping; `record` the whole fact as
    the hub holds it, money in kopecks; `customer` and `goods` (uid -> record) whom and what it refers to, for channels
    that tell them beside it. `problem` says why the mapping could not say it: then `raw` is empty and it is left out.
    """

    id: int
    uid: str
    verb: str
    external_id: str | None
    raw: Mapping[str, Any]
    record: Mapping[str, Any]
    customer: Mapping[str, Any] | None
    goods: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problem: RowError | None = None
    entity: str = ""


class Offers:
    """Offered operations of any account. `at` is the moment of what is written down."""

    def __init__(self, store: Store, routes: Mapping[str, EntityRoutes], mappings: Mappings, at: str) -> None:
        self.store = store
        self.routes = routes
        self.mappings = mappings
        self.at = at

    def pending(self, account: str) -> Iterator[Offer]:
        """Everything that waits for this account, oldest first; read as it is taken, however much it is."""
        for operations in self.store.outbox.offered(account):
            yield from self._offers(operations)

    def _offers(self, operations: Sequence[Operation]) -> Iterator[Offer]:
        bodies = {uid: decode(body) for uid, body in self.store.hub.bodies(one.uid for one in operations).items()}
        lines = [line for one in operations for line in one.patch.get("lines") or ()]
        told = {line["product"] for line in lines if line.get("product")}
        people = {body["customer"] for body in bodies.values() if isinstance(body.get("customer"), str)}
        known = {uid: decode(body) for uid, body in self.store.hub.bodies(told | people).items()}
        for one in operations:
            body = bodies.get(one.uid, {})
            goods = {
                line["product"]: known[line["product"]]
                for line in one.patch.get("lines") or ()
                if line.get("product") in known
            }
            raw, problem = self._raw(one)
            yield Offer(
                one.id, one.uid, one.verb, one.external_id, raw, {**body, **one.patch},
                known.get(body.get("customer", "")), goods, problem, one.entity,
            )  # fmt: skip

    def _raw(self, operation: Operation) -> tuple[dict[str, Any], RowError | None]:
        """In the words of the channel; references are its own ids, and left out where it has none."""
        mapping = self.mappings[operation.spoke, operation.entity]
        values = {name: value for name, value in operation.patch.items() if name in mapping.writes}
        for name, entity in mapping.references.items():
            if isinstance(uid := values.get(name), str):
                known = self.store.crosswalk.targets(operation.spoke, entity, [uid])
                values.pop(name)
                values.update({name: known[uid]} if uid in known else {})
        try:
            if mapping.lines is not None and mapping.lines.references and isinstance(values.get("lines"), list):
                values["lines"] = lines_there(self.store, operation.spoke, values["lines"], strict=False)
            return mapping.write(values, None, new=operation.verb == "create"), None
        except RowError as error:
            return {}, error

    # it has been taken

    def acknowledge(self, operation_ids: Iterable[int], external_ids: Mapping[int, str] | None = None) -> int:
        """The receiver has these; how many were still offered. They are linked under our uid, or what it calls them."""
        names = external_ids or {}
        with self.store.transaction(durable=True):
            taken = self.store.outbox.acknowledge(operation_ids)
            for operation in taken:
                self._taken(operation, names.get(operation.id, operation.external_id or operation.uid), None)
        return len(taken)

    def echo(self, account: str, rows: Sequence[Row]) -> int:
        """What came back under our uid (`Row.reference`) has been taken, whatever was or was not acknowledged."""
        named = {row.reference: row for row in rows if row.reference is not None}
        waiting = self.store.outbox.unfinished(named) if named else {}
        offered = [
            one
            for operations in waiting.values()
            for one in operations
            if one.account == account and one.status == "offered"
        ]
        if not offered:
            return 0
        with self.store.transaction(durable=True):
            for operation in self.store.outbox.acknowledge(one.id for one in offered):
                row = named[operation.uid]
                self._taken(operation, row.external_id, row)
        return len(offered)

    def _taken(self, operation: Operation, external_id: str, row: Row | None) -> None:
        link = self.store.crosswalk.at(operation.spoke, operation.entity, external_id)
        if link is None:
            self._link(operation, external_id, row)
        else:
            for name, value in operation.patch.items():
                link.shadow.agree(name, value, value)
            link.shadow.written = sorted({*(link.shadow.written if link.stale else ()), *operation.patch})
            self.store.crosswalk.wrote(link.id, shadow_bytes(link.shadow))
        self.store.outbox.become(operation, "done", external_id=external_id)
        self.store.hub.mark(operation.entity, [operation.uid], TO_MERGE)

    def _link(self, operation: Operation, external_id: str, row: Row | None) -> None:
        mapping = self.mappings[operation.spoke, operation.entity]
        shadow = Shadow()
        for name, value in operation.patch.items():
            shadow.agree(name, value, value)
        link = NewLink(
            external_id, operation.uid, 1, None if row is None else row.body,
            None if row is None else digest(mapping, row.body), shadow_bytes(shadow),
            None if row is None else row.version, 0 if row is None else int(row.gone),
            None if row is None else row.changed_at, operation.run, "created", "run", self.at,
        )  # fmt: skip
        self.store.crosswalk.add(self.store.crosswalk.feed(operation.spoke, operation.entity), [link])
