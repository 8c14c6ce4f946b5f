"""One run: recover, observe, then rounds of merge, plan, brakes and apply, and the report.

A dry run stops before the first write. A second run straight after finds nothing to do. The parts: `course` what all
of them know, `observing` feeds, `rounds` merging and writing, `gate` brakes and consent, `closing` the report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connector.model.books import Books
from connector.model.routes import EntityRoutes, with_proposed
from connector.store import Store
from connector.sync.apply import Applier
from connector.sync.capable import refuse_incapable
from connector.sync.closing import close
from connector.sync.course import LOCK, Course
from connector.sync.doubts import Doubts
from connector.sync.gate import Gate
from connector.sync.ledger.offers import Offers
from connector.sync.ledger.run import LedgerRun
from connector.sync.lookups import Lookups
from connector.sync.observe import Observer
from connector.sync.observing import Observing
from connector.sync.options import Options, Progress, Silent
from connector.sync.planning import Planner
from connector.sync.rebase import rebase
from connector.sync.recover import Recovery
from connector.sync.report import RunReport
from connector.sync.rounds import Rounds
from connector.sync.sendoff import send_off
from connector.sync.settle import Settler
from connector.sync.uids import Uids
from connector.sync.view import Mappings
from connector.systems.base import Adapter


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
            course = Course(
                store=self.store,
                routes=self.routes,
                adapters=self.adapters,
                clock=self.clock,
                owner=self.owner,
                progress=self.progress,
                options=options,
                number=self.store.runs.begin(at),
                started=started,
            )
            return _Run(self, course).run()
        finally:
            self.store.drop_lock(LOCK, self.owner)


class _Run:
    """The parts of one run, and their order."""

    def __init__(self, engine: Engine, course: Course) -> None:
        self.engine = engine
        self.course = course
        self.applier = self._applier()
        fresh_uid = Uids(int(course.started.timestamp() * 1000), engine.entropy)
        self.ledger = self._ledger(fresh_uid)
        self.observing = self._observing(fresh_uid)
        self.rounds = self._rounds(fresh_uid)

    def run(self) -> RunReport:
        course, adapters = self.course, self.engine.adapters.values()
        before = sum(adapter.requests() for adapter in adapters)
        broken = True
        try:
            self._work()
            broken = False
        finally:
            requests = sum(adapter.requests() for adapter in adapters) - before
            close(course, self.applier.spent, requests, observed=self.observing.complete, broken=broken)
        return course.report

    def _work(self) -> None:
        if not self.course.options.dry:
            Recovery(self.applier).recover()
        self._rebase()
        self.observing.observe(self.engine.concurrent)
        self.rounds.carry_out()
        self.rounds.tell(self.engine.concurrent)
        if not (self.course.options.dry or self.course.report.lock_lost):
            self.ledger.catch_up(self.course.looks_at, self.course.keep_going)
            offers = Offers(self.course.store, {}, self.engine.mappings, self.course.at)
            send_off(self.course.store, offers, self.course.adapters, self.course.failed)

    def _rebase(self) -> None:
        self.ledger.rebase()
        for routes in self.course.mirrors:
            for route in routes.routes:
                if route.direction != "off":
                    rebase(self.course.store, routes, route, self.engine.mappings[route.spoke, routes.entity])

    # the parts

    def _applier(self) -> Applier:
        course = self.course
        return Applier(
            course.store,
            self.engine.mappings,
            course.adapters,
            {routes.entity: routes for routes in course.routes},
            course.number,
            course.at,
            course.keep_going,
            course.progress.applying,
            course.tally,
        )

    def _ledger(self, fresh_uid: Callable[[], str]) -> LedgerRun:
        course = self.course
        return LedgerRun(
            course.store,
            course.ledgers,
            self.engine.mappings,
            course.adapters,
            self.engine.books,
            self.applier,
            course.failed,
            course.number,
            course.at,
            fresh_uid,
        )

    def _observing(self, fresh_uid: Callable[[], str]) -> Observing:
        course, mappings = self.course, self.engine.mappings
        observer = Observer(course.store, course.number, course.at, fresh_uid)
        doubts = Doubts(course.store, mappings, self._id_scheme, course.number, course.at, fresh_uid)
        return Observing(course, mappings, observer, doubts, self.applier.spent)

    def _id_scheme(self, spoke: str, entity: str) -> str | None:
        """The scheme under which other systems know the ids of a spoke."""
        routes = next(routes for routes in self.course.routes if routes.entity == entity)
        route = routes.route(spoke)
        return None if route is None else self.course.adapters[route.account].capabilities(entity).id_scheme

    def _rounds(self, fresh_uid: Callable[[], str]) -> Rounds:
        course, mappings = self.course, self.engine.mappings
        store, number, at = course.store, course.number, course.at
        return Rounds(
            course,
            Gate(course),
            Settler(store, mappings, number, at, course.started.date().isoformat(), fresh_uid),
            Lookups(store, mappings, course.adapters, number, at, self.applier.spent),
            Planner(store, mappings, course.adapters, number, at),
            self.applier,
            self.ledger,
        )


__all__ = ["LOCK", "Engine", "Options", "Progress", "Silent"]
