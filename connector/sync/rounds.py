"""Merge, plan, ask, apply: again until nothing is left to do. First the mirrors, then the facts that refer to them."""

from __future__ import annotations

from connector.model.records import ENTITIES, whole_of
from connector.model.states import Operation
from connector.sync.apply import Applier
from connector.sync.course import Course
from connector.sync.gate import Gate
from connector.sync.ledger.run import LedgerRun
from connector.sync.lookups import Lookups
from connector.sync.planning import Planner
from connector.sync.settle import Settler

ROUNDS = 4
"""Plan and apply repeat so often at most: group, customer, card, stamp depend on each other in that order."""


class Rounds:
    """The rounds of one run. A dry run has one, and stops before the first write."""

    def __init__(
        self,
        course: Course,
        gate: Gate,
        settler: Settler,
        lookups: Lookups,
        planner: Planner,
        applier: Applier,
        ledger: LedgerRun,
    ) -> None:
        self.course = course
        self.gate = gate
        self.settler = settler
        self.lookups = lookups
        self.planner = planner
        self.applier = applier
        self.ledger = ledger
        self.dry = course.options.dry
        self.most = 1 if self.dry else ROUNDS

    # mirrors

    def carry_out(self) -> None:
        """Bring the mirrors into step."""
        for _ in range(self.most):
            self._merge()
            if not self._write():
                return
        self._merge()

    def _merge(self) -> None:
        mirrors = self.course.mirrors
        for routes in mirrors:
            self.settler.settle(routes)
            if not self.dry:
                self.lookups.look(routes, self.course.failed)
                self.settler.settle(routes)
        for routes in mirrors:
            if ENTITIES[routes.entity].derived:
                self.settler.hear_of_cards(routes)

    def _write(self) -> bool:
        """Plan, ask the brakes and the person, apply. Whether anything was applied."""
        names, self.planner.known_in_part = self.gate.readable()
        mirrors = self.course.mirrors
        plan = self.planner.round(mirrors, names, keep_all=self.dry)
        self._note_waits()
        stopped = self.gate.stopped(plan.counts)
        if self.dry:
            self.course.report.operations = plan.operations
            return False
        if plan.count == 0:
            return False
        stopped |= self.gate.unasked(plan.counts, stopped)
        if plan.complete:
            allowed = [operation for operation in plan.operations if _route_name(operation) not in stopped]
            self.applier.apply(allowed)
            return bool(allowed) and self.course.keep_going()
        for routes in mirrors:
            for operations in self.planner.each(routes, names - stopped):
                self.applier.apply(operations)
        return self.course.keep_going()

    def _note_waits(self) -> None:
        report = self.course.report
        for shown in report.routes.values():
            shown.waiting = shown.refused = 0
        for (entity, account, refused), count in self.planner.waits.items():
            shown = report.route(entity, account)
            if refused:
                shown.refused = count
            else:
                shown.waiting = count

    # ledgers

    def tell(self, concurrent: bool) -> None:
        """Facts come last: whom and what they refer to is in step by now. Telling them needs a yes of its own."""
        self.gate.ask_anew()
        course, options = self.course, self.course.options
        for sight in self.ledger.observe(
            options.account, options.full, course.keep_going, concurrent, course.progress.observing
        ):
            shown = course.report.route(sight.route.entity, sight.route.account)
            shown.read, shown.changed, shown.unreadable = sight.read, sight.changed, sight.unreadable
        for _ in range(self.most):
            self.ledger.settle()
            if not self._tell():
                return
        self.ledger.settle()

    def _tell(self) -> bool:
        """Plan the facts, ask the brakes and the person, tell. Whether anything was told."""
        course = self.course
        plan = self.ledger.plan(course.usable_accounts(), course.report.operations)
        for (entity, account), (waiting, refused) in self.ledger.planner.waiting.items():
            route = course.report.route(entity, account)
            route.waiting, route.refused = waiting, refused
        stopped = self.gate.stopped(plan.counts)
        if self.dry:
            course.report.operations += plan.operations
            return False
        if not plan.operations:
            return False
        stopped |= self.gate.unasked(plan.counts, stopped)
        allowed = [operation for operation in plan.operations if _route_name(operation) not in stopped]
        self.ledger.tell(allowed)
        return bool(allowed) and course.keep_going()


def _route_name(operation: Operation) -> str:
    return f"{whole_of(operation.entity)}/{operation.account}"
