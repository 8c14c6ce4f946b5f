"""What may be written to: routes that were read, below their brakes, and with the consent of a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from connector.model.records import SHAPES, is_ledger
from connector.model.routes import Route
from connector.sync.brakes import of_changes
from connector.sync.course import Course
from connector.sync.planning import Counts
from connector.sync.report import MatchReport

Counted = Mapping[tuple[str, str], Counts]
"""(entity, account) -> how many operations are planned there."""


class Gate:
    """Asked before anything is written. Routes go by their names, entity/account."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.store = course.store
        self._unasked = True
        self._agreed = False

    def ask_anew(self) -> None:
        """What comes now needs a yes of its own."""
        self._unasked = True

    def readable(self) -> tuple[set[str], set[str]]:
        """The routes that may be written to (reachable, not held), and the entities that are known in part only.

        What was never read cannot be told from what is missing: until every system of an entity was, nothing of it is
        created anywhere.
        """
        course = self.course
        held = course.held_routes
        read = {(entity, account) for entity, account, up_to in self.store.runs.cursors() if up_to is not None}
        found: set[str] = set()
        in_part: set[str] = set()
        course.report.unread = []
        for routes in course.routes:
            for route in () if is_ledger(routes.entity) else routes.routes:
                if self._is_fed(route) and (route.entity, route.account) not in read:
                    course.report.unread.append(route.name)
                    in_part.add(route.entity)
                elif route.account not in course.failed and route.name not in held and route.writes:
                    found.add(route.name)
        return found, in_part

    def _is_fed(self, route: Route) -> bool:
        return route.reads and self.course.adapters[route.account].capabilities(route.entity).feed != "none"

    def stopped(self, counts: Counted) -> set[str]:
        """The routes that a brake holds, now that so much is planned. Brakes hold from the second completed run on."""
        course = self.course
        for (entity, account), planned in counts.items():
            completed, _ = self.store.runs.route(entity, account)
            if completed < 1:
                continue
            route = course.route(entity, account)
            linked = self.store.crosswalk.count(route.spoke, entity)
            done = course.tally.done
            leaving = planned.deactivated + done[entity, account, "deactivate"]
            changes = planned.changes + done[entity, account, "create"] + done[entity, account, "update"]
            for brake in of_changes(route, changes, leaving, linked, course.options.accept):
                course.held[brake.id] = brake
        return course.held_routes

    def unasked(self, counts: Counted, stopped: set[str]) -> set[str]:
        """The routes that must not be written to yet: the first writing on each needs a yes, after the match report."""
        course = self.course
        fresh = [
            key for key in sorted(counts) if f"{key[0]}/{key[1]}" not in stopped and not self.store.runs.route(*key)[1]
        ]
        names = {f"{entity}/{account}" for entity, account in fresh}
        if not fresh or names <= set(course.report.consent_missing):
            return names
        if self._unasked and not course.report.consent_missing:
            self._unasked = False
            told = self._match_report(fresh, counts)
            course.report.match = told if course.report.match is None else course.report.match + told
            self._agreed = course.options.consent(told)
        if not self._agreed:
            course.report.consent_missing = sorted({*course.report.consent_missing, *names})
            return names
        self.store.runs.consent(fresh, course.at)
        return set()

    def _match_report(self, fresh: Sequence[tuple[str, str]], counts: Counted) -> MatchReport:
        """Of the routes that are new; of every route of their kind where nothing was told of any before."""
        told = [self.course.route(*key) for key in fresh]
        ledger = is_ledger(told[0].entity)
        kin = [route for routes in self.course.routes for route in routes.routes if is_ledger(route.entity) is ledger]
        if not any(self.store.runs.route(route.entity, route.account)[1] for route in kin):
            told = kin
        feeds = {(route.spoke, entity) for route in told for entity in (route.entity, *_of_lines(route.entity))}
        people = {route.spoke: route.account for route in told if route.entity == "customer"}
        alone = self.store.crosswalk.only_there("customer") if people else {}
        return MatchReport(
            routes=[f"{entity}/{account}" for entity, account in fresh],
            linked=self.store.crosswalk.linked_how(feeds),
            ambiguous=self.store.conflicts.count_identity({route.entity for route in told}),
            only={account: alone[spoke] for spoke, account in people.items() if spoke in alone},
            creates={
                f"{entity}/{account}": counts[entity, account].created
                for entity, account in fresh
                if counts[entity, account].created
            },
        )


def _of_lines(entity: str) -> Collection[str]:
    """What the lines of a document refer to: goods are met when it is to be told."""
    line = SHAPES[entity].line
    return line.references.values() if line is not None else ()
