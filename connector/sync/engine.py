"""One run: recover, observe, merge, plan, brakes, apply; again until nothing is left to do.

A dry run stops before the first write. A second run straight after finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from connector.errors import ConnectorError
from connector.model.books import Books
from connector.model.records import ENTITIES, is_ledger
from connector.model.routes import EntityRoutes, Route, with_proposed
from connector.model.states import Operation
from connector.store import Store
from connector.store.hub import TO_MERGE
from connector.store.retention import expire, is_due
from connector.sync.apply import Applier
from connector.sync.brakes import Held, of_absence, of_changes
from connector.sync.capable import refuse_incapable
from connector.sync.doubts import Doubts
from connector.sync.fetch import Job, fetch, grouped
from connector.sync.ledger.run import LedgerRun
from connector.sync.lookups import Lookups
from connector.sync.observe import Observer, Prepared, Sight, prepared
from connector.sync.planning import Counts, Plan, Planner
from connector.sync.rebase import rebase
from connector.sync.recover import Recovery
from connector.sync.report import MatchReport, RunReport
from connector.sync.settle import Settler
from connector.sync.uids import Uids
from connector.sync.view import Mappings
from connector.systems.base import Adapter

ROUNDS = 4
"""Plan and apply repeat so often at most: group, customer, card, stamp depend on each other in that order."""

LOCK = "run"


class Progress(Protocol):
    """Told what a run is doing, for a person who watches."""

    def observing(self, account: str, entity: str, rows: int) -> None: ...

    def applying(self, operation: Operation) -> None: ...


class Silent:
    """Nobody watches."""

    def observing(self, account: str, entity: str, rows: int) -> None:
        """Rows of a feed have been stored."""

    def applying(self, operation: Operation) -> None:
        """An operation has been carried out."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What one run is asked to do. `consent` is asked with the match report before a first write."""

    entities: tuple[str, ...] = ()
    account: str | None = None
    full: bool = False
    accept: frozenset[str] = frozenset()
    budget: float | None = None
    dry: bool = False
    consent: Callable[[MatchReport], bool] = lambda _report: False


@dataclass(kw_only=True)
class Engine:
    """Everything a run works with. It names no system: all it knows of them are mappings and capabilities."""

    store: Store
    routes: Sequence[EntityRoutes]
    mappings: Mappings
    adapters: Mapping[str, Adapter]
    clock: Callable[[], datetime]
    entropy: Callable[[int], bytes]
    owner: str
    books: Books = field(default_factory=lambda: Books(zone=UTC))
    progress: Progress = field(default_factory=Silent)
    concurrent: bool = True

    def __post_init__(self) -> None:
        self.routes = with_proposed(self.routes)

    def run(self, options: Options) -> RunReport:
        """One run under the lock of the store. Errors of an account stop that account only."""
        refuse_incapable(self.routes, self.adapters, self.mappings)
        started = self.clock()
        at = started.isoformat(timespec="seconds")
        self.store.take_lock(LOCK, self.owner, at, int(started.timestamp()))
        try:
            return _Run(self, options, started).run()
        finally:
            self.store.drop_lock(LOCK, self.owner)


class _Run:
    def __init__(self, engine: Engine, options: Options, started: datetime) -> None:
        self.engine = engine
        self.options = options
        self.started = started
        self.store = engine.store
        self.at = started.isoformat(timespec="seconds")
        self.number = self.store.runs.begin(self.at)
        self.report = RunReport(self.number, self.at)
        wanted = [routes for routes in engine.routes if not options.entities or routes.entity in options.entities]
        self.entities = [routes for routes in wanted if not is_ledger(routes.entity)]
        self.ledgers = [routes for routes in wanted if is_ledger(routes.entity)]
        self.applier = Applier(
            self.store,
            engine.mappings,
            engine.adapters,
            {routes.entity: routes for routes in engine.routes},
            self.number,
            self.at,
            self.keep_going,
            engine.progress.applying,
        )
        self.fresh_uid = Uids(int(started.timestamp() * 1000), engine.entropy)
        self._agreed = False
        self.observed = False
        self.failed: dict[str, ConnectorError] = self.applier.tally.stopped
        self.held: dict[str, Held] = {}
        self.observer = Observer(self.store, self.number, self.at, self.fresh_uid)
        self.doubts = Doubts(self.store, engine.mappings, self._id_scheme, self.number, self.at, self.fresh_uid)
        self.settler = Settler(
            self.store, engine.mappings, self.number, self.at, started.date().isoformat(), self.fresh_uid
        )
        self.planner = Planner(self.store, engine.mappings, engine.adapters, self.number, self.at)
        self.lookups = Lookups(self.store, engine.mappings, engine.adapters, self.number, self.at, self.applier.spent)
        self.ledger = LedgerRun(
            self.store,
            self.ledgers,
            engine.mappings,
            engine.adapters,
            engine.books,
            self.applier,
            self.failed,
            self.number,
            self.at,
            self.fresh_uid,
        )
        self._unasked = True
        self._beat = started

    def _id_scheme(self, spoke: str, entity: str) -> str | None:
        """The scheme under which other systems know the ids of a spoke."""
        routes = next(routes for routes in self.engine.routes if routes.entity == entity)
        route = routes.route(spoke)
        return None if route is None else self.engine.adapters[route.account].capabilities(entity).id_scheme

    def keep_going(self) -> bool:
        """Whether the run may begin another page or group: within its budget, and still the owner of the lock."""
        now = self.engine.clock()
        if (now - self._beat).total_seconds() > 10:
            self._beat = now
            if not self.store.beat(LOCK, self.engine.owner, int(now.timestamp())):
                self.report.lock_lost = True
        budget = self.options.budget
        if budget is not None and (now - self.started).total_seconds() > budget:
            self.report.out_of_time = True
        return not (self.report.out_of_time or self.report.lock_lost)

    def run(self) -> RunReport:
        before = {name: adapter.requests() for name, adapter in self.engine.adapters.items()}
        try:
            self._work()
        except BaseException:
            self._finish(before, "stopped")
            raise
        self._finish(before, None)
        return self.report

    def _work(self) -> None:
        if not self.options.dry:
            Recovery(self.applier).recover()
        self._rebase()
        self._observe()
        rounds = 1 if self.options.dry else ROUNDS
        for _ in range(rounds):
            self._merge()
            if not self._round():
                break
        else:
            self._merge()
        self._tell(rounds)

    def _tell(self, rounds: int) -> None:
        """Facts come last: whom and what they refer to is in step by now. Telling them needs a yes of its own."""
        self._unasked = True
        observing = self.engine.progress.observing
        options = self.options
        for sight in self.ledger.observe(
            options.account, options.full, self.keep_going, self.engine.concurrent, observing
        ):
            shown = self.report.route(sight.route.entity, sight.route.account)
            shown.read, shown.changed, shown.unreadable = sight.read, sight.changed, sight.unreadable
        for _ in range(rounds):
            self.ledger.settle()
            if not self._tell_round():
                break
        else:
            self.ledger.settle()

    def _tell_round(self) -> bool:
        """Plan the facts, ask the brakes and the person, tell. Whether anything was told."""
        plan = self.ledger.plan(self._accounts(), self.report.operations)
        for (entity, account), (waiting, refused) in self.ledger.planner.waiting.items():
            route = self.report.route(entity, account)
            route.waiting, route.refused = waiting, refused
        stopped = self._brakes(plan.counts)
        if self.options.dry:
            self.report.operations += plan.operations
            return False
        if not plan.operations:
            return False
        stopped |= self._consent(plan.counts, stopped)
        allowed = [operation for operation in plan.operations if _route_name(operation) not in stopped]
        self.ledger.tell(allowed)
        return bool(allowed) and self.keep_going()

    def _rebase(self) -> None:
        self.ledger.rebase()
        for routes in self.entities:
            for route in routes.routes:
                if route.direction != "off":
                    rebase(self.store, routes, route, self.engine.mappings[route.spoke, routes.entity])

    # observing

    def _observed_routes(self) -> list[tuple[EntityRoutes, Route]]:
        """Cards first: they tell by which numbers their customers are known."""
        order = sorted(self.entities, key=lambda routes: routes.entity != "card")
        return [
            (routes, route)
            for routes in order
            for route in sorted(routes.routes, key=lambda route: route.account)
            if route.reads
            and self.options.account in (None, route.account)
            and route.account not in self.failed
            and self.engine.adapters[route.account].capabilities(routes.entity).feed != "none"
        ]

    def _observe(self) -> None:
        sights: dict[tuple[str, str], Sight] = {}
        jobs = []
        for routes, route in self._observed_routes():
            adapter = self.engine.adapters[route.account]
            can = adapter.capabilities(routes.entity)
            sight = self.observer.begin(routes, route, self.engine.mappings, can.id_scheme)
            sights[routes.entity, route.account] = sight
            cursor = None if self.options.full else self.store.runs.cursor(route.account, routes.entity)
            jobs.append(Job(adapter, routes.entity, sight.mapping.paths, cursor, partial(prepared, sight)))
        pages = fetch(jobs, self.failed, self.keep_going, self.engine.concurrent, self.applier.spent)
        for group in grouped(pages):
            with self.store.transaction():
                for account, entity, page, _ in group:
                    self._observe_page(sights[entity, account], page)
        for (entity, account), sight in sights.items():
            self._count(sight, entity, account)
        since = self.store.runs.first_unobserved(self.number)
        for routes in self.entities:
            self.doubts.settle(routes, since)
            self.observer.finish(routes)
        if not (self.report.out_of_time or self.report.lock_lost or self.failed):
            self.observed = True
            self.store.runs.observed(self.number)

    def _observe_page(self, sight: Sight, page: Prepared | None) -> None:
        if page is None:
            self._feed_ended(sight)
            return
        self.observer.page(sight, page)
        self.engine.progress.observing(sight.route.account, sight.route.entity, sight.read)

    def _feed_ended(self, sight: Sight) -> None:
        """Everything has been seen: what a complete feed did not mention is gone, below the brake."""
        route = sight.route
        can = self.engine.adapters[route.account].capabilities(route.entity)
        if can.feed == "snapshot":
            self.store.journal.clear_unidentified(route.account, route.entity, self.number)
        if can.feed == "snapshot" and can.complete:
            missing = self.observer.missing(sight)
            brake = of_absence(route, len(missing), sight.read, sight.alive, self.options.accept)
            if missing and brake is not None:  # in the first run too: what is missing now was stored by an earlier one
                self.held[brake.id] = brake
            elif missing:
                self.observer.gone(sight, missing)
        self.store.runs.complete(route.account, route.entity, self.at, self.number)

    def _count(self, sight: Sight, entity: str, account: str) -> None:
        shown = self.report.route(entity, account)
        shown.read, shown.changed, shown.unreadable = sight.read, sight.changed, sight.unreadable

    # merging and planning

    def _merge(self) -> None:
        for routes in self.entities:
            self.settler.settle(routes)
            if not self.options.dry:
                self.lookups.look(routes, self.failed)
                self.settler.settle(routes)
        for routes in self.entities:
            if ENTITIES[routes.entity].derived:
                self.settler.hear_of_cards(routes)

    def _accounts(self) -> set[str]:
        """The accounts that answer and are not held."""
        held = {brake.route for brake in self.held.values()}
        return {
            route.account
            for routes in self.engine.routes
            for route in routes.routes
            if route.account not in self.failed and route.name not in held
        }

    def _open_routes(self) -> set[str]:
        """The routes that may be written to: reachable, not held, and read to their end at least once.

        What was never read cannot be told from what is missing: until every system of an entity was, nothing of it is
        created anywhere.
        """
        held = {brake.route for brake in self.held.values()}
        read = {(entity, account) for entity, account, up_to in self.store.runs.cursors() if up_to is not None}
        found = set()
        self.report.unread = []
        self.planner.known_in_part = set()
        for routes in self.engine.routes:
            for route in () if is_ledger(routes.entity) else routes.routes:
                can = self.engine.adapters[route.account].capabilities(route.entity)
                if route.reads and can.feed != "none" and (route.entity, route.account) not in read:
                    self.report.unread.append(route.name)
                    self.planner.known_in_part.add(route.entity)
                elif route.account not in self.failed and route.name not in held and route.writes:
                    found.add(route.name)
        return found

    def _round(self) -> bool:
        """Plan, ask the brakes and the person, apply. Whether anything was applied."""
        names = self._open_routes()
        plan = self.planner.round(self.entities, names, keep_all=self.options.dry)
        self._note_waits()
        stopped = self._brakes(plan.counts)
        if self.options.dry:
            self.report.operations = plan.operations
            return False
        if plan.count == 0:
            return False
        stopped |= self._consent(plan.counts, stopped)
        if plan.complete:
            allowed = [operation for operation in plan.operations if _route_name(operation) not in stopped]
            self.applier.apply(allowed)
            return bool(allowed) and self.keep_going()
        for routes in self.entities:
            for operations in self.planner.each(routes, names - stopped):
                self.applier.apply(operations)
        return self.keep_going()

    def _note_waits(self) -> None:
        for shown in self.report.routes.values():
            shown.waiting = shown.refused = 0
        for (entity, account), waits in self.planner.waits.items():
            shown = self.report.route(entity, account)
            shown.waiting = sum(1 for wait in waits if not wait.refused)
            shown.refused = sum(1 for wait in waits if wait.refused)

    def _brakes(self, counts: Mapping[tuple[str, str], Counts]) -> set[str]:
        """The routes that may not be written to in this run."""
        for (entity, account), planned in counts.items():
            route = self._route(entity, account)
            completed, _ = self.store.runs.route(entity, account)
            if completed < 1:
                continue
            linked = self.store.crosswalk.count(route.spoke, entity)
            done = [op for op in self.applier.tally.done if op.entity == entity and op.account == account]
            leaving = planned.deactivated + sum(op.verb == "deactivate" for op in done)
            changes = planned.changes + sum(op.verb in ("create", "update") for op in done)
            for brake in of_changes(route, changes, leaving, linked, self.options.accept):
                self.held[brake.id] = brake
        return {brake.route for brake in self.held.values()}

    def _route(self, entity: str, account: str) -> Route:
        return next(
            route
            for routes in (*self.entities, *self.ledgers)
            if routes.entity == entity
            for route in routes.routes
            if route.account == account
        )

    def _consent(self, counts: Mapping[tuple[str, str], Counts], stopped: set[str]) -> set[str]:
        """The routes that must not be written to yet: the first writing on each needs a yes, after the match report."""
        fresh = [
            key for key in sorted(counts) if f"{key[0]}/{key[1]}" not in stopped and not self.store.runs.route(*key)[1]
        ]
        names = {f"{entity}/{account}" for entity, account in fresh}
        if not fresh or names <= set(self.report.consent_missing):
            return names
        if self._unasked and not self.report.consent_missing:
            self._unasked = False
            self.report.match = self._match_report(counts)
            self._agreed = self.options.consent(self.report.match)
        if not self._agreed:
            self.report.consent_missing = sorted({*self.report.consent_missing, *names})
            return names
        self.store.runs.consent(fresh, self.at)
        return set()

    def _match_report(self, counts: Mapping[tuple[str, str], Counts]) -> MatchReport:
        match = self.report.match or MatchReport()
        match.linked = self.store.crosswalk.linked_how()
        match.ambiguous = sum(conflict.kind == "identity" for conflict in self.store.conflicts.all("open"))
        match.only = self.store.crosswalk.only_there("customer")
        match.creates |= {f"{e}/{a}": planned.created for (e, a), planned in counts.items() if planned.created}
        return match

    # the end

    def _finish(self, before: Mapping[str, int], status: str | None) -> None:
        report = self.report
        self._tally()
        for name, adapter in self.engine.adapters.items():
            report.requests += adapter.requests() - before[name]
        for (entity, account), shown in report.routes.items():
            shown.unreadable = max(shown.unreadable, self.store.journal.unreadable(account, entity, self.number))
        for (entity, account), count in self.applier.spent.items():
            report.route(entity, account).requests = count
        for account, error in self.failed.items():
            for routes in (*self.entities, *self.ledgers):
                for route in routes.routes:
                    if route.account == account:
                        report.route(routes.entity, account).error = error
        report.brakes = list(self.held.values())
        report.conflicts = self.store.conflicts.all(run=self.number)
        self._count_conflicts()
        self._settle_brakes()
        report.open = {
            "conflicts": self.store.conflicts.count_open(),
            "journal": self.store.journal.count(),
            "outbox": self.store.outbox.count_open(),
            "brakes": len(self.store.runs.held()),
        }
        report.seconds = (self.engine.clock() - self.started).total_seconds()
        report.conclude()
        if not self.options.dry and not (report.out_of_time or report.lock_lost) and status is None:
            self.store.runs.completed(self._completed())
        if not self.options.dry and status is None and is_due(self.store, self.started):
            expire(self.store, self.started)
        finished = self.engine.clock().isoformat(timespec="seconds")
        kind = "plan" if self.options.dry else "sync"
        summary = {**report.as_json(), "kind": kind, "observed": self.observed}
        self.store.runs.finish(self.number, finished, status or report.status, summary)

    def _completed(self) -> list[tuple[str, str]]:
        """The routes that this run has carried to their end: their account answered and no brake held them."""
        held = {brake.route for brake in self.held.values()}
        return [
            (routes.entity, route.account)
            for routes in (*self.entities, *self.ledgers)
            for route in routes.routes
            if route.account not in self.failed
            and route.name not in held
            and route.name not in self.report.consent_missing
            and self.options.account in (None, route.account)
        ]

    def _settle_brakes(self) -> None:
        """A brake is gone when its route was looked at again and it did not hold."""
        looked = {
            route.name
            for routes in (*self.entities, *self.ledgers)
            for route in routes.routes
            if route.account not in self.failed and self.options.account in (None, route.account)
        }
        self.store.runs.release([brake_id for brake_id, route, *_ in self.store.runs.held() if route in looked])
        self.store.runs.hold(
            [(brake.id, brake.route, brake.kind, brake.count, brake.limit) for brake in self.held.values()],
            self.number,
        )

    def _tally(self) -> None:
        tally = self.applier.tally
        for operation in tally.done:
            shown = self.report.route(operation.entity, operation.account)
            match operation.verb:
                case "create":
                    shown.created += 1
                case "deactivate":
                    shown.deactivated += 1
                case _:
                    shown.updated += 1
        for operation in tally.refused:
            self.report.route(operation.entity, operation.account).refused += 1
        for operation in tally.parked:
            self.report.route(operation.entity, operation.account).parked += 1

    def _count_conflicts(self) -> None:
        accounts = {route.spoke: route.account for routes in self.engine.routes for route in routes.routes}
        for conflict in self.report.conflicts:
            for spoke in conflict.values:
                account = accounts.get(spoke, spoke)
                if (conflict.entity, account) in self.report.routes:
                    self.report.route(conflict.entity, account).conflicts += 1


def _route_name(operation: Operation) -> str:
    return f"{operation.entity}/{operation.account}"


__all__ = ["TO_MERGE", "Engine", "Options", "Plan", "Progress", "Silent"]
