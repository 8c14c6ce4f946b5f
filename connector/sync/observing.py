"""The first part of a run: every feed is read and stored, and what single pages could not tell is settled."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from connector.model.routes import EntityRoutes, Route
from connector.sync.brakes import of_absence
from connector.sync.course import Course
from connector.sync.doubts import Doubts
from connector.sync.fetch import Job, Spent, fetch, grouped
from connector.sync.observe import Observer, Prepared, Sight, prepared
from connector.sync.view import Mappings


class Observing:
    """Reads the feeds of the mirrors. `complete` once everything was read to its end."""

    def __init__(self, course: Course, mappings: Mappings, observer: Observer, doubts: Doubts, spent: Spent) -> None:
        self.course = course
        self.store = course.store
        self.mappings = mappings
        self.observer = observer
        self.doubts = doubts
        self.spent = spent
        self.complete = False

    def observe(self, concurrent: bool) -> None:
        """Read every feed, side by side where `concurrent`; its pages are stored in one fixed order."""
        course, sights = self.course, self._begin()
        jobs = [self._job(sight) for sight in sights.values()]
        for group in grouped(fetch(jobs, course.failed, course.keep_going, concurrent, self.spent)):
            with self.store.transaction():
                for account, entity, page, _ in group:
                    self._page(sights[entity, account], page)
        for (entity, account), sight in sights.items():
            shown = course.report.route(entity, account)
            shown.read, shown.changed, shown.unreadable = sight.read, sight.changed, sight.unreadable
        self._settle()

    def _begin(self) -> dict[tuple[str, str], Sight]:
        sights = {}
        for routes, route in self._routes():
            can = self.course.adapters[route.account].capabilities(routes.entity)
            sights[routes.entity, route.account] = self.observer.begin(routes, route, self.mappings, can.id_scheme)
        return sights

    def _routes(self) -> Iterator[tuple[EntityRoutes, Route]]:
        """Cards first: they tell by which numbers their customers are known."""
        course = self.course
        for routes in sorted(course.mirrors, key=lambda routes: routes.entity != "card"):
            for route in sorted(routes.routes, key=lambda route: route.account):
                if not route.reads or not course.looks_at(route.account) or route.account in course.failed:
                    continue
                if course.adapters[route.account].capabilities(routes.entity).feed != "none":
                    yield routes, route

    def _job(self, sight: Sight) -> Job:
        route = sight.route
        cursor = None if self.course.options.full else self.store.runs.cursor(route.account, route.entity)
        adapter = self.course.adapters[route.account]
        return Job(adapter, route.entity, sight.mapping.paths, cursor, partial(prepared, sight))

    def _page(self, sight: Sight, page: Prepared | None) -> None:
        if page is None:
            self._feed_ended(sight)
            return
        self.observer.page(sight, page)
        self.course.progress.observing(sight.route.account, sight.route.entity, sight.read)

    def _feed_ended(self, sight: Sight) -> None:
        """Everything has been seen: what a complete feed did not mention is gone, below the brake."""
        course, route = self.course, sight.route
        can = course.adapters[route.account].capabilities(route.entity)
        if can.feed == "snapshot":
            self.store.journal.clear_unidentified(route.account, route.entity, course.number)
        if can.feed == "snapshot" and can.complete:
            missing = self.observer.missing(sight)
            brake = of_absence(route, len(missing), sight.read, sight.alive, course.options.accept)
            if missing and brake is not None:  # in the first run too: what is missing now was stored by an earlier one
                course.held[brake.id] = brake
            elif missing:
                self.observer.gone(sight, missing)
        self.store.runs.complete(route.account, route.entity, course.at, course.number)

    def _settle(self) -> None:
        course = self.course
        since = self.store.runs.first_unobserved(course.number)
        for routes in course.mirrors:
            self.doubts.settle(routes, since)
            self.observer.finish(routes)
        if not (course.cut_off or course.failed):
            self.complete = True
            self.store.runs.observed(course.number)
