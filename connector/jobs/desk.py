"""What 1C is given and has taken, for the endpoint of its exchange with a site.

Each call opens the store for itself: the endpoint answers in several threads, and runs of the connector go on beside.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol
from zoneinfo import ZoneInfo

from connector.errors import RowError
from connector.jobs.documents import ENTITY, document, fresh_number
from connector.locale import N_, Sentence

if TYPE_CHECKING:
    from connector.jobs.workspace import Workspace
    from connector.model.states import Operation
    from connector.store import Store
    from connector.sync.ledger.offers import Offer, Offers
    from connector.systems.base import Row
    from connector.systems.onec.commerceml import Returned

log: Final = logging.getLogger("connector.jobs.desk")

_PART: Final = 200
"""Orders that are made ready together."""


@dataclass(frozen=True)
class Order:
    """An operation as a document of CommerceML; with a problem it cannot be said, and `data` is empty."""

    operation: int
    number: str
    data: Mapping[str, Any]
    problem: RowError | None = None
    version: str = ""


class Desk(Protocol):
    """One account. Every method may be called from any thread, and several times over."""

    def waiting(self) -> Sequence[int]:
        """The operations that are offered, in their order; none before a run has caught up with a restored store."""
        ...

    def orders(self, operations: Sequence[int]) -> Iterator[Order]:
        """These operations as documents, a few at a time; one that is no longer offered is left out."""
        ...

    def refuse(self, problems: Sequence[tuple[int, RowError]]) -> None:
        """These cannot be said to 1C: a person must look."""
        ...

    def acknowledge(self, given: Mapping[int, str]) -> None:
        """1C has said that it has these: operation -> version of what it was given. What has changed since is left."""
        ...

    def returned(self, orders: Sequence[Returned]) -> list[int]:
        """1C has sent these back: it has them as they are there. Those that waited and are done now."""
        ...

    def remark(self, operation: int, times: int) -> None:
        """1C has fetched this one alone so many times and never took it: a person should look into 1C."""
        ...

    @property
    def reads(self) -> bool:
        """Whether a run reads what 1C sends."""
        ...

    def wake(self) -> None:
        """There is something to do for a run."""
        ...


class SiteDesk:
    """The desk of one account of a workspace. `wake` is called when a run has something to do."""

    def __init__(self, workspace: Workspace, account: str, wake: Callable[[], None]) -> None:
        self._workspace, self._account, self._wake = workspace, account, wake
        self._mappings = workspace.mappings
        line = workspace.settings.accounts[account]
        self._spoke, self._zone = line.spoke, ZoneInfo(line.timezone)

    @property
    def reads(self) -> bool:
        return bool(self._workspace.entities_read(self._account))

    def wake(self) -> None:
        self._wake()

    def waiting(self) -> list[int]:
        with self._store() as store:
            return [] if self._is_behind(store) else store.outbox.waiting(self._account)

    def orders(self, operations: Sequence[int]) -> Iterator[Order]:
        wanted = set(operations)
        with self._store() as store:
            if self._is_behind(store):
                return
            found = (offer for offer in self._offers(store).pending(self._account) if offer.id in wanted)
            while part := list(islice(found, min(_PART, len(wanted)))):
                wanted.difference_update(offer.id for offer in part)
                part = [offer for offer in part if not self._is_over(store, offer)]
                numbers = self._numbers(store, [offer for offer in part if offer.problem is None])
                yield from (self._order(store, offer, numbers.get(offer.id)) for offer in part)

    def _is_behind(self, store: Store) -> bool:
        """Whether the store was put back and does not know yet what 1C has taken and changed since: a run reads it."""
        from connector.sync.ledger.putback import given_nothing

        at = store.runs.behind(self._account)
        if at is None or not store.outbox.waiting(self._account):
            return False
        log.warning("%s", given_nothing(self._account, at))
        self._wake()
        return True

    def _is_over(self, store: Store, offer: Offer) -> bool:
        """Cancelled before 1C was ever given it: there is nothing to tell any more."""
        if offer.external_id is not None or offer.record.get("cancelled") is not True:
            return False
        with store.transaction(durable=True):
            operation = store.outbox.get(offer.id)
            if operation is not None and operation.status == "offered" and operation.external_id is None:
                store.outbox.withdraw(operation)
        return True

    def _order(self, store: Store, offer: Offer, number: str | None) -> Order:
        if offer.problem is not None or number is None:
            gone = RowError("number", None, N_("it is no longer offered"))
            return Order(offer.id, "", {}, offer.problem or gone)
        try:
            told = document(offer, number, store.crosswalk, self._spoke)
            return Order(offer.id, number, told, version=offer.version)
        except RowError as error:
            return Order(offer.id, number, {}, error)

    def _numbers(self, store: Store, offers: Sequence[Offer]) -> dict[int, str]:
        """operation -> the number by which 1C knows an order, settled when it is first given."""
        numbers = {offer.id: offer.external_id for offer in offers if offer.external_id is not None}
        fresh = {offer.id: (offer.uid, *fresh_number(offer)) for offer in offers if offer.external_id is None}
        if not fresh:
            return numbers
        plains = [plain for _, plain, _ in fresh.values()]
        with store.transaction(durable=True):
            holders = store.crosswalk.resolve(self._spoke, ENTITY, plains)
            holders |= {plain: uid for plain, (_, uid) in store.outbox.called(self._account, plains).items()}
            for operation_id, (uid, plain, unique) in fresh.items():
                number = plain if plain and holders.setdefault(plain, uid) == uid else unique
                operation = store.outbox.get(operation_id)
                if operation is not None and store.outbox.call(operation, number):
                    numbers[operation_id] = number
        return numbers

    def refuse(self, problems: Sequence[tuple[int, RowError]]) -> None:
        if not problems:
            return
        with self._store() as store, store.transaction(durable=True):
            for operation_id, problem in problems:
                operation = store.outbox.get(operation_id)
                if operation is not None and operation.status == "offered":
                    store.outbox.become(operation, "refused", reason=problem)

    def acknowledge(self, given: Mapping[int, str]) -> None:
        if not given:
            return
        with self._store() as store:
            offers = self._offers(store)
            left = iter(given.items())
            while part := dict(islice(left, _PART)):
                offers.acknowledge(part)
        self._wake()

    def returned(self, orders: Sequence[Returned]) -> list[int]:
        paths = self._mappings[self._spoke, ENTITY].paths
        with self._store() as store:
            ours = store.outbox.unfinished({one.uid for one in orders if one.uid is not None})
            given = store.outbox.called(self._account, [one.number for one in orders if one.uid not in ours])
            found: list[tuple[int, Row]] = []
            for order in orders:
                for operation in ours.get(order.uid or "", ()):
                    if operation.account == self._account:
                        row = order.row(paths)
                        found.append((operation.id, row._replace(external_id=operation.external_id or row.external_id)))
                held = store.outbox.get(given[order.number][0]) if order.number in given else None
                if held is not None and self._is_the_same(order, held):
                    found.append((held.id, order.row(paths)))
            return sorted(self._offers(store).returned(found))

    def _is_the_same(self, order: Returned, operation: Operation) -> bool:
        """An order that 1C made itself may have a number of ours; a GUID of its own and another day tell them apart."""
        if order.uid is None or order.day is None or "date" not in operation.patch:
            return True
        at = datetime.fromisoformat(operation.patch["date"]).astimezone(self._zone)
        return at.date().isoformat() == order.day

    def remark(self, operation: int, times: int) -> None:
        text = N_("1C has fetched this order {times} times and did not take it: look into the log of its exchange")
        with self._store() as store, store.transaction(durable=True):
            held = store.outbox.get(operation)
            if held is not None and held.status == "offered":
                store.outbox.become(held, "offered", reason=Sentence(text, times=times))

    def _offers(self, store: Store) -> Offers:
        from connector.sync.ledger.offers import Offers

        return Offers(store, self._workspace.routes, self._mappings, self._workspace.now)

    @contextmanager
    def _store(self) -> Iterator[Store]:
        from connector.store import open_store

        with open_store(self._workspace.settings.store) as store:
            yield store
