"""What waits for a receiver that comes for it: given whole and in order, again and again, until it is acknowledged.

    offers = Offers(store, routes, mappings, at)
    for offer in offers.pending("site"):       # a query of 1C, a file to be written
        ...                                    # offer.raw in the words of its mapping, offer.record in ours
    offers.acknowledge({offer.id: offer.version})    # it has been taken: a success, a confirmation
    offers.echo("site", rows)                  # or it comes back with the receiver's own number: surest of all

A repeated question is no proof of anything. What is not acknowledged is offered again, as it stands then: an
acknowledgement is of the content that was given, and says nothing of what the offer has become since. What comes back
is looked at in the same way: an order that the receiver shows is there; a change of it has arrived when it is seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from connector.errors import RowError
from connector.model.records import as_dict
from connector.model.routes import EntityRoutes
from connector.model.states import Operation, Shadow, shadow_bytes
from connector.store import Store
from connector.store.crosswalk import NewLink
from connector.store.hub import TO_MERGE
from connector.sync.ledger.goods import lines_there
from connector.sync.ledger.lines import renamed, same_lines
from connector.sync.rows import decode, encode
from connector.sync.sight import digest
from connector.sync.view import Mappings, equality
from connector.systems.base import Row


@dataclass(frozen=True)
class Offer:
    """One operation that waits. `raw` are the fields in the words of the channel's mapping; `record` the whole fact as
    the hub holds it, money in kopecks; `customer` and `goods` (uid -> record) whom and what it refers to, for channels
    that tell them beside it. `problem` says why the mapping could not say it: then `raw` is empty and it is left out.
    A change of what the receiver has is told whole too, as it was told or left there, with the change in it. `version`
    is of the content as it stands.
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
    version: str = ""


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
        whole = {one.id: self._whole(one) for one in operations}
        lines = [line for values in whole.values() for line in values.get("lines") or ()]
        told = {line["product"] for line in lines if line.get("product")}
        people = {body["customer"] for body in bodies.values() if isinstance(body.get("customer"), str)}
        known = {uid: decode(body) for uid, body in self.store.hub.bodies(told | people).items()}
        for one in operations:
            body = bodies.get(one.uid, {})
            values = whole[one.id]
            goods = {
                line["product"]: known[line["product"]]
                for line in values.get("lines") or ()
                if line.get("product") in known
            }
            raw, problem = self._raw(one, values)
            yield Offer(
                one.id, one.uid, one.verb, one.external_id, raw, {**body, **values},
                known.get(body.get("customer", "")), goods, problem, one.entity, version_of(one),
            )  # fmt: skip

    def _whole(self, operation: Operation) -> dict[str, Any]:
        """The content of the document: what was agreed on, and what is to be changed of it."""
        if operation.verb == "create":
            return operation.patch
        link = self.store.crosswalk.at(operation.spoke, operation.entity, operation.external_id or "")
        if link is None:
            return operation.patch
        writes = self.mappings[operation.spoke, operation.entity].writes
        agreed = {name: value for name in link.shadow.spoke if (value := link.shadow.of_hub(name)) is not None}
        return {**{name: value for name, value in agreed.items() if name in writes}, **operation.patch}

    def _raw(self, operation: Operation, whole: Mapping[str, Any]) -> tuple[dict[str, Any], RowError | None]:
        """In the words of the channel; references are its own ids, and left out where it has none."""
        mapping = self.mappings[operation.spoke, operation.entity]
        values = {name: value for name, value in whole.items() if name in mapping.writes}
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

    def acknowledge(self, given: Mapping[int, str], external_ids: Mapping[int, str] | None = None) -> int:
        """The receiver has these (operation -> version that it was given); how many are done now.

        One that has other content by now stays offered. They are linked under our uid, or what the receiver calls them.
        """
        names = external_ids or {}
        with self.store.transaction(durable=True):
            held = [operation for one in given if (operation := self.store.outbox.get(one)) is not None]
            same = [operation.id for operation in held if version_of(operation) == given[operation.id]]
            taken = self.store.outbox.acknowledge(same)
            for operation in taken:
                self._taken(operation, names.get(operation.id, operation.external_id or operation.uid), None)
        return len(taken)

    def echo(self, account: str, rows: Sequence[Row]) -> list[int]:
        """What came back under our uid (`Row.reference`) is there, whatever was or was not acknowledged.

        The operations that are done now: see `returned`.
        """
        named = {row.reference: row for row in rows if row.reference is not None}
        waiting = self.store.outbox.unfinished(named) if named else {}
        found = [
            (operation.id, named[operation.uid])
            for operations in waiting.values()
            for operation in operations
            if operation.account == account and operation.status == "offered"
        ]
        return self.returned(found)

    def returned(self, found: Sequence[tuple[int, Row]]) -> list[int]:
        """The receiver shows these orders: (operation that is offered, what it shows). Those that are done now.

        An order that it shows is not offered any more: it is there, and if its content is neither what is offered nor
        what was, a person is asked by the next run. One that it has fetched before its content was replaced is offered
        still; so is a change that what it shows does not have.
        """
        done: list[int] = []
        if not found:
            return done
        with self.store.transaction(durable=True):
            for number, row in found:
                operation = self.store.outbox.get(number)
                if operation is None or operation.status != "offered" or not self._arrived(operation, row):
                    continue
                for taken in self.store.outbox.acknowledge([number]):
                    self._taken(taken, row.external_id, row)
                    done.append(number)
        return done

    def _arrived(self, operation: Operation, row: Row) -> bool:
        mapping = self.mappings[operation.spoke, operation.entity]
        shown = as_dict(mapping.read(decode(row.body), []))
        if operation.verb == "create":
            former = [one for one in operation.evidence.get("given", ()) if self._shows(operation, shown, one)]
            return not former or self._shows(operation, shown, operation.patch) is True
        return self._shows(operation, shown, operation.patch) is True

    def _shows(self, operation: Operation, shown: Mapping[str, Any], content: Mapping[str, Any]) -> bool | None:
        """Whether a document that is shown has this content, as far as it says; None where it says nothing of it."""
        same = equality(self.mappings[operation.spoke, operation.entity])
        names = [name for name in content if name in shown and content[name] is not None]
        if not names:
            return None
        return all(
            self._same_sale(operation.spoke, shown[name], content[name])
            if name == "lines"
            else same(name, shown[name], content[name])
            for name in names
        )

    def _same_sale(self, spoke: str, shown: Any, content: Any) -> bool:
        uids = {line["product"] for line in content if line.get("product")}
        goods = self.store.crosswalk.targets(spoke, "product", uids) if uids else {}
        return same_lines(shown, renamed(content, goods, strict=False))

    def _taken(self, operation: Operation, external_id: str, row: Row | None) -> None:
        link = self.store.crosswalk.at(operation.spoke, operation.entity, external_id)
        if link is None:
            self._link(operation, external_id, row)
        else:
            ignored = {name: link.shadow.ignored[name] for name in operation.patch if name in link.shadow.ignored}
            for name, value in operation.patch.items():
                link.shadow.agree(name, value, value)
            link.shadow.ignored.update(ignored)
            link.shadow.written = sorted({*(link.shadow.written if link.stale else ()), *operation.patch})
            link.shadow.before.update(
                {name: operation.expect[name] for name in operation.patch if name in operation.expect}
            )
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


def version_of(operation: Operation) -> str:
    """Of the content that an operation offers: another content has another version."""
    return blake2b(encode([operation.verb, operation.patch]), digest_size=12).hexdigest()
