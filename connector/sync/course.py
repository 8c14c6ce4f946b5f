"""The course of one run: what all its parts know, and what has become of it so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connector.errors import ConnectorError
from connector.model.records import is_ledger
from connector.model.routes import EntityRoutes, Route
from connector.store import Store
from connector.sync.apply import Tally
from connector.sync.brakes import Held
from connector.sync.options import Options, Progress
from connector.sync.report import RunReport
from connector.systems.base import Adapter

LOCK = "run"

BEAT = 10
"""Seconds after which the lock hears again that its owner lives."""


@dataclass(kw_only=True)
class Course:
    """One run while it lasts. `routes` are all that are configured; the run may be asked for some of them only."""

    store: Store
    routes: Sequence[EntityRoutes]
    adapters: Mapping[str, Adapter]
    clock: Callable[[], datetime]
    owner: str
    progress: Progress
    options: Options
    number: int
    started: datetime
    tally: Tally = field(default_factory=Tally)
    held: dict[str, Held] = field(default_factory=dict)
    """Brakes that hold, by their ids."""

    def __post_init__(self) -> None:
        self.at = self.started.isoformat(timespec="seconds")
        self.report = RunReport(self.number, self.at)
        self._beat = self.started

    # what it is about

    @property
    def wanted(self) -> list[EntityRoutes]:
        """The entities that the run was asked for."""
        asked = self.options.entities
        return [routes for routes in self.routes if not asked or routes.entity in asked]

    @property
    def mirrors(self) -> list[EntityRoutes]:
        return [routes for routes in self.wanted if not is_ledger(routes.entity)]

    @property
    def ledgers(self) -> list[EntityRoutes]:
        return [routes for routes in self.wanted if is_ledger(routes.entity)]

    def route(self, entity: str, account: str) -> Route:
        return next(
            route
            for routes in self.wanted
            if routes.entity == entity
            for route in routes.routes
            if route.account == account
        )

    def looks_at(self, account: str) -> bool:
        """Whether the run was asked for this account."""
        return self.options.account in (None, account)

    # how it stands

    @property
    def failed(self) -> dict[str, ConnectorError]:
        """Accounts that have stopped answering, and why: they are left alone until the next run."""
        return self.tally.stopped

    @property
    def held_routes(self) -> set[str]:
        return {brake.route for brake in self.held.values()}

    @property
    def cut_off(self) -> bool:
        """Whether it must end before its work is done."""
        return self.report.out_of_time or self.report.lock_lost

    def keep_going(self) -> bool:
        """Whether the run may begin another page or group: within its budget, and still the owner of the lock."""
        now = self.clock()
        if (now - self._beat).total_seconds() > BEAT:
            self._beat = now
            if not self.store.beat(LOCK, self.owner, int(now.timestamp())):
                self.report.lock_lost = True
        budget = self.options.budget
        if budget is not None and (now - self.started).total_seconds() > budget:
            self.report.out_of_time = True
        return not self.cut_off

    def usable_accounts(self) -> set[str]:
        """The accounts that answer and are not held on every one of their routes."""
        held = self.held_routes
        return {
            route.account
            for routes in self.routes
            for route in routes.routes
            if route.account not in self.failed and route.name not in held
        }
