"""What a run did, in the JSON shapes of the contract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from connector.errors import EXIT_ATTENTION, EXIT_CHANGES, EXIT_DONE, EXIT_STOPPED, ConnectorError
from connector.model.records import SHAPES
from connector.model.states import Conflict, Operation
from connector.model.values import money_text
from connector.sync.brakes import Held

RunStatus = Literal["clean", "attention", "stopped"]


@dataclass(slots=True)
class RouteReport:
    """The figures of one route in one run."""

    entity: str
    account: str
    read: int = 0
    changed: int = 0
    created: int = 0
    updated: int = 0
    deactivated: int = 0
    conflicts: int = 0
    unreadable: int = 0
    waiting: int = 0
    refused: int = 0
    parked: int = 0
    requests: int = 0
    error: ConnectorError | None = None

    def as_json(self) -> dict[str, Any]:
        names = [name for name in self.__slots__ if name != "error"]
        return {
            **{name: getattr(self, name) for name in names},
            "error": None if self.error is None else str(self.error),
        }


@dataclass(slots=True)
class MatchReport:
    """How a sync found who is who, before it writes to `routes` for the first time."""

    routes: list[str] = field(default_factory=list)
    """Whom a person is asked about. What follows tells of these alone, or of everything when nothing was told yet."""
    linked: dict[str, int] = field(default_factory=dict)
    ambiguous: int = 0
    only: dict[str, int] = field(default_factory=dict)
    creates: dict[str, int] = field(default_factory=dict)
    """route -> how many records would be created there."""

    def __add__(self, other: MatchReport) -> MatchReport:
        """What both tell, of different routes."""
        return MatchReport(
            [*self.routes, *other.routes],
            _sum(self.linked, other.linked),
            self.ambiguous + other.ambiguous,
            {**self.only, **other.only},
            {**self.creates, **other.creates},
        )

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in sorted({*one, *other})}


@dataclass(slots=True)
class RunReport:
    run: int
    started: str
    status: RunStatus = "clean"
    seconds: float = 0.0
    requests: int = 0
    routes: dict[tuple[str, str], RouteReport] = field(default_factory=dict)
    match: MatchReport | None = None
    brakes: list[Held] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    read_conflicts: Callable[[], list[Conflict]] = list
    """Reads what the run wrote into the conflict log; there may be more than a run should keep in memory."""
    consent_missing: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """Routes that were never read to their end: nothing is written there."""
    out_of_time: bool = False
    unfinished: list[str] = field(default_factory=list)
    """Routes of which there was no time to read everything."""
    lock_lost: bool = False
    """Another run has taken over: this one was silent for too long."""
    open: dict[str, int] = field(default_factory=dict)

    def route(self, entity: str, account: str) -> RouteReport:
        return self.routes.setdefault((entity, account), RouteReport(entity, account))

    @property
    def conflicts(self) -> list[Conflict]:
        return self.read_conflicts()

    @property
    def errors(self) -> list[ConnectorError]:
        seen: dict[str, ConnectorError] = {}
        for route in self.routes.values():
            if route.error is not None:
                seen.setdefault(str(route.error), route.error)
        return list(seen.values())

    def conclude(self) -> None:
        if self.errors or self.brakes or self.consent_missing or self.out_of_time or self.lock_lost:
            self.status = "stopped"
        elif any(self.open.values()):  # what a route could not read or write stands in the journal or the outbox
            self.status = "attention"

    @property
    def exit_code(self) -> int:
        return {"clean": EXIT_DONE, "attention": EXIT_ATTENTION, "stopped": EXIT_STOPPED}[self.status]

    @property
    def plan_exit_code(self) -> int:
        if self.status == "stopped":
            return EXIT_STOPPED
        return EXIT_CHANGES if self.operations else self.exit_code

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "run": self.run,
            "status": self.status,
            "seconds": round(self.seconds, 1),
            "requests": self.requests,
            "routes": [route.as_json() for route in self.routes.values()],
            "brakes": [brake_json(brake) for brake in self.brakes],
            "open": self.open,
            "unread": self.unread,
            "unfinished": self.unfinished,
        }
        if self.match is not None:
            shown["match"] = self.match.as_json()
        return shown

    def plan_json(self) -> dict[str, Any]:
        return {
            "operations": [operation_json(operation) for operation in self.operations],
            "conflicts": [conflict_json(conflict) for conflict in self.conflicts],
            "brakes": [brake_json(brake) for brake in self.brakes],
        }


def brake_json(brake: Held) -> dict[str, Any]:
    return {"id": brake.id, "route": brake.route, "kind": brake.kind, "count": brake.count, "limit": brake.limit}


def shown_value(entity: str, name: str, value: Any) -> Any:
    """A canonical value as the outside sees it: money as text with two decimals, in lines and whole documents too."""
    cls = SHAPES.get(entity)
    if cls is None:
        return value
    if isinstance(value, dict):
        return {key: shown_value(entity, key, inner) for key, inner in value.items()}
    if name == "lines" and isinstance(value, list) and cls.line is not None:
        return [shown_value(cls.line.entity, "", line) for line in value]
    return money_text(value) if name in cls.amounts and isinstance(value, int) else value


def operation_json(operation: Operation) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, value in operation.patch.items():
        change: dict[str, Any] = {"to": shown_value(operation.entity, name, value)}
        if name in operation.expect:
            change = {"from": shown_value(operation.entity, name, operation.expect[name]), **change}
        changes[name] = change
    return {
        "id": operation.key,
        "entity": operation.entity,
        "account": operation.account,
        "verb": operation.verb,
        "uid": operation.uid,
        "external_id": operation.external_id,
        "changes": changes,
        "after": list(operation.after),
    }


def conflict_json(conflict: Conflict) -> dict[str, Any]:
    name = conflict.field or ""
    shown: Sequence[tuple[str, Any]] = [
        (account, shown_value(conflict.entity, name, value)) for account, value in conflict.values.items()
    ]
    return {
        "id": conflict.id,
        "kind": conflict.kind,
        "entity": conflict.entity,
        "uid": conflict.uid,
        "field": conflict.field,
        "base": shown_value(conflict.entity, name, conflict.base),
        "values": dict(shown),
        "rule": conflict.rule,
        "winner": conflict.winner,
        "status": conflict.status,
        "at": conflict.at,
    }
