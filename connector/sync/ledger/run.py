"""The ledger's part of a run: after the people are in step, facts are read, put together, settled, planned and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field

from connector.errors import ConnectorError
from connector.model.books import Books
from connector.model.routes import EntityRoutes, Route
from connector.model.states import Operation
from connector.store import Store
from connector.store.hub import TO_MERGE, TO_PLAN
from connector.sync.apply import Applier
from connector.sync.fetch import Job, fetch
from connector.sync.ledger.assemble import Assembler
from connector.sync.ledger.goods import ENTITY as GOODS
from connector.sync.ledger.goods import Goods
from connector.sync.ledger.observe import LedgerObserver, LedgerSight
from connector.sync.ledger.offers import Offers
from connector.sync.ledger.plan import LedgerPlanner
from connector.sync.ledger.putback import catch_up
from connector.sync.ledger.settle import LedgerSettler
from connector.sync.planning import Counts
from connector.sync.rebase import rebase
from connector.sync.view import Mappings
from connector.systems.base import Adapter

Observing = Callable[[str, str, int], None]


@dataclass(slots=True)
class LedgerPlan:
    """The operations of one round over all ledger entities."""

    operations: list[Operation] = field(default_factory=list)
    counts: dict[tuple[str, str], Counts] = field(default_factory=dict)


class LedgerRun:
    """Everything that happens to facts in one run. `failed` is shared with the run: an account that stops, stops."""

    def __init__(
        self,
        store: Store,
        ledgers: Sequence[EntityRoutes],
        mappings: Mappings,
        adapters: Mapping[str, Adapter],
        books: Books,
        applier: Applier,
        failed: MutableMapping[str, ConnectorError],
        run: int,
        at: str,
        fresh_uid: Callable[[], str],
    ) -> None:
        self.store = store
        self.ledgers = ledgers
        self.mappings = mappings
        self.adapters = adapters
        self.applier = applier
        self.failed = failed
        self.run = run
        self.at = at
        self.goods = Goods(store, mappings, adapters, run, at, fresh_uid)
        offers = Offers(store, {routes.entity: routes for routes in ledgers}, mappings, at)
        self.observer = LedgerObserver(store, offers, run, at)
        self.assembler = Assembler(store, mappings, run, at)
        self.settler = LedgerSettler(store, mappings, self.goods, run, at)
        self.planner = LedgerPlanner(store, mappings, adapters, self.goods, books, run, at)

    # observing

    def rebase(self) -> None:
        """A changed mapping plans nothing by itself."""
        for routes in self.ledgers:
            for route in routes.routes:
                mapping = self.mappings[route.spoke, route.observed]
                if route.observed == routes.entity:
                    rebase(self.store, routes, route, mapping)
                else:
                    self._reassemble(routes, route, mapping.version)

    def _reassemble(self, routes: EntityRoutes, route: Route, version: str) -> None:
        held = self.store.crosswalk.mapping_version(route.spoke, route.observed)
        if held not in (None, version):
            self.assembler.again(routes, route)
        if held != version:
            self.store.crosswalk.set_mapping_version(route.spoke, route.observed, version)

    def observe(
        self,
        account: str | None,
        full: bool,
        keep_going: Callable[[], bool],
        concurrent: bool,
        observing: Observing,
    ) -> Iterator[LedgerSight]:
        """Read every feed of every ledger and put positions together; then the sight of each route."""
        sights = {
            (route.account, route.observed): self.observer.begin(route, self.mappings[route.spoke, route.observed])
            for routes in self.ledgers
            for route in sorted(routes.routes, key=lambda route: route.account)
            if self._is_fed(route) and account in (None, route.account) and route.account not in self.failed
        }
        jobs = [
            Job(
                self.adapters[name],
                entity,
                self.mappings[sight.route.spoke, entity].paths,
                None if full else self.store.runs.cursor(name, entity),
            )
            for (name, entity), sight in sights.items()
        ]
        for name, entity, page, _ in fetch(jobs, self.failed, keep_going, concurrent, self.applier.spent):
            sight = sights[name, entity]
            if page is None:
                sight.complete = True
                if self.adapters[name].capabilities(entity).feed == "snapshot":
                    self.store.journal.clear_unidentified(name, entity, self.run)
                self.store.runs.complete(name, entity, self.at, self.run)
                continue
            self.observer.page(sight, page)
            observing(name, entity, sight.read)
        for routes in self.ledgers:
            self.assembler.assemble(routes, [one.route.spoke for one in sights.values() if one.complete])
        self._account_for_parts()
        yield from sights.values()

    def _is_fed(self, route: Route) -> bool:
        return self.adapters[route.account].capabilities(route.observed).feed != "none"

    def _account_for_parts(self) -> None:
        """Requests that were spent on parts were spent on the whole."""
        for routes in self.ledgers:
            for route in routes.sources:
                if route.observed != routes.entity:
                    spent = self.applier.spent.pop((route.observed, route.account), 0)
                    self.applier.spent[routes.entity, route.account] += spent

    # settling, planning, telling

    def settle(self) -> None:
        """Settle every marked fact. Goods have no feed of their own: what a join has marked of them is done with."""
        for routes in self.ledgers:
            self.settler.settle(routes)
        while uids := self.store.hub.marked(GOODS, TO_MERGE):
            self.store.hub.merged(uids)
        while uids := self.store.hub.marked(GOODS, TO_PLAN):
            self.store.hub.settled(uids)

    def plan(self, accounts: set[str], coming: Sequence[Operation]) -> LedgerPlan:
        """What is to be told now. `coming` are operations of the same plan that make whom facts refer to."""
        keys = {(one.spoke, one.entity, one.uid): one.key for one in coming if one.verb == "create"}
        found = LedgerPlan()
        for routes in self.ledgers:
            for operations in self.planner.each(routes, accounts - self.failed.keys(), keys, self._fail):
                for operation in operations:
                    found.counts.setdefault((routes.entity, operation.account), Counts()).add(operation)
                found.operations.extend(operations)
        return found

    def _fail(self, account: str, error: ConnectorError) -> None:
        self.failed.setdefault(account, error)

    def tell(self, operations: Sequence[Operation]) -> None:
        """Carry them out; what the receiver comes for is offered."""
        offered = [one for one in operations if self._collects(one)]
        if offered:
            with self.store.transaction(durable=True):
                for operation in offered:
                    operation.status = "offered"
                self.store.outbox.intend(offered, self.run, self.at)
        self.applier.apply([one for one in operations if not self._collects(one)])

    def catch_up(self, looks_at: Callable[[str], bool], keep_going: Callable[[], bool]) -> None:
        """In a store that was put back: before anything is given, see what those who collect it have already."""
        for routes in self.ledgers:
            for route in routes.targets:
                adapter = self.adapters[route.account]
                is_asked = looks_at(route.account) and route.account not in self.failed and keep_going()
                if is_asked and adapter.capabilities(routes.entity).collects:
                    paths = self.mappings[route.spoke, routes.entity].paths
                    try:
                        catch_up(self.store, self.observer, adapter, route, paths, self.mappings)
                    except ConnectorError as error:
                        self._fail(route.account, error)

    def _collects(self, operation: Operation) -> bool:
        return self.adapters[operation.account].capabilities(operation.entity).collects
