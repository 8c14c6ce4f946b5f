"""What 1C is given and has taken, for the endpoint of its exchange with a site.

Each call opens the store for itself: the endpoint answers in several threads, and runs of the connector go on beside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol

from connector.errors import RowError
from connector.jobs.documents import ENTITY, document, fresh_number
from connector.locale import N_, Sentence

if TYPE_CHECKING:
    from connector.jobs.workspace import Workspace
    from connector.store import Store
    from connector.sync.ledger.offers import Offer, Offers

_PART: Final = 200
"""Orders that are made ready together."""


@dataclass(frozen=True)
class Order:
    """An operation as a document of CommerceML; with a problem it cannot be said, and `data` is empty."""

    operation: int
    number: str
    data: Mapping[str, Any]
    problem: RowError | None = None


class Desk(Protocol):
    """One account. Every method may be called from any thread, and several times over."""

    def waiting(self) -> Sequence[int]:
        """The operations that are offered, in their order."""
        ...

    def orders(self, operations: Sequence[int]) -> Iterator[Order]:
        """These operations as documents, a few at a time; one that is no longer offered is left out."""
        ...

    def refuse(self, problems: Sequence[tuple[int, RowError]]) -> None:
        """These cannot be said to 1C: a person must look."""
        ...

    def acknowledge(self, operations: Sequence[int]) -> None:
        """1C has said that it has these."""
        ...

    def returned(self, orders: Sequence[tuple[str, str | None]]) -> list[int]:
        """1C has sent these back, by number and by our uid where it told it: it has them. Those that were waiting."""
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
        self._spoke = workspace.settings.accounts[account].spoke

    @property
    def reads(self) -> bool:
        return bool(self._workspace.entities_read(self._account))

    def wake(self) -> None:
        self._wake()

    def waiting(self) -> list[int]:
        with self._store() as store:
            return store.outbox.waiting(self._account)

    def orders(self, operations: Sequence[int]) -> Iterator[Order]:
        wanted = set(operations)
        with self._store() as store:
            found = (offer for offer in self._offers(store).pending(self._account) if offer.id in wanted)
            while part := list(islice(found, min(_PART, len(wanted)))):
                numbers = self._numbers(store, [offer for offer in part if offer.problem is None])
                yield from (self._order(store, offer, numbers.get(offer.id)) for offer in part)
                wanted.difference_update(offer.id for offer in part)

    def _order(self, store: Store, offer: Offer, number: str | None) -> Order:
        if offer.problem is not None or number is None:
            gone = RowError("number", None, N_("it is no longer offered"))
            return Order(offer.id, "", {}, offer.problem or gone)
        try:
            return Order(offer.id, number, document(offer, number, store.crosswalk, self._spoke))
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

    def acknowledge(self, operations: Sequence[int]) -> None:
        if not operations:
            return
        with self._store() as store:
            offers = self._offers(store)
            for start in range(0, len(operations), _PART):
                offers.acknowledge(operations[start : start + _PART])
        self._wake()

    def returned(self, orders: Sequence[tuple[str, str | None]]) -> list[int]:
        with self._store() as store:
            numbers = store.outbox.called(self._account, [number for number, _ in orders])
            waiting = store.outbox.unfinished({uid for _, uid in orders if uid is not None})
            found = {operation for operation, _ in numbers.values()} | {
                one.id
                for operations in waiting.values()
                for one in operations
                if one.account == self._account and one.status == "offered"
            }
            if found:
                self._offers(store).acknowledge(sorted(found))
            return sorted(found)

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
