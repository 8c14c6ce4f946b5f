"""Everything the store knows of some facts: what the hub holds, what the source says, what each target says."""

from __future__ import annotations

from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.errors import RowError
from connector.mapping import Mapping
from connector.model.records import as_dict
from connector.model.routes import EntityRoutes, Route
from connector.model.states import Conflict, Link, Operation
from connector.store import Store
from connector.sync.merge import Equal
from connector.sync.rows import decode
from connector.sync.view import Mappings, equality

UNDER_WAY = ("sent", "unknown", "parked")
"""A target may know of the fact already."""


@dataclass(slots=True)
class Told:
    """What one spoke says of a fact: its values as they are read there, ids of its own in them."""

    link: Link
    route: Route
    values: dict[str, Any]
    equal: Equal
    problems: list[RowError] = field(default_factory=list)

    def changed(self, names: frozenset[str]) -> dict[str, Any]:
        """What it says otherwise than when it was agreed, and has not been decided about since."""
        shadow = self.link.shadow
        return {
            name: value
            for name, value in self.values.items()
            if name in names
            and shadow.has(name)
            and not self.equal(name, value, shadow.spoke[name])
            and not (name in shadow.overruled and self.equal(name, value, shadow.overruled[name]))
        }


@dataclass(slots=True)
class LedgerView:
    """One fact as a run sees it."""

    uid: str
    entity: str
    hub: dict[str, Any]
    source: Told | None = None
    targets: dict[str, Told] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)

    @property
    def told(self) -> bool:
        """Whether any target has it, or may have it: from then on its content is not ours to follow."""
        return bool(self.targets) or any(
            operation.verb == "create" and operation.status in UNDER_WAY for operation in self.operations
        )

    @property
    def held(self) -> bool:
        """Whether it may be another fact seen twice: a person is asked."""
        return any(conflict.kind == "identity" for conflict in self.conflicts)

    def question(self, name: str | None) -> Conflict | None:
        """The open conflict about the document (None) or about one field of it."""
        return next((one for one in self.conflicts if one.kind == "document" and (one.field or None) == name), None)

    def open_operation(self, spoke: str) -> Operation | None:
        statuses = (*UNDER_WAY, "offered")
        return next((one for one in self.operations if one.spoke == spoke and one.status in statuses), None)


def load(store: Store, routes: EntityRoutes, mappings: Mappings, uids: Sequence[str]) -> list[LedgerView]:
    """The views of these facts, in the given order; a handful of statements however many they are."""
    bodies = store.hub.bodies(uids)
    links = store.crosswalk.of(uids)
    conflicts = store.conflicts.open_of(uids)
    operations = store.outbox.unfinished(uids)
    views = []
    for uid in uids:
        if uid not in bodies:
            continue
        view = LedgerView(
            uid,
            routes.entity,
            decode(bodies[uid]),
            conflicts=conflicts.get(uid, []),
            operations=operations.get(uid, []),
        )
        for link in links[uid]:
            route = routes.route(link.spoke)
            if route is None or not link.primary:
                continue
            told = _told(link, route, mappings)
            if route.fed is not None:
                view.source = told
            else:
                view.targets[link.spoke] = told
        views.append(view)
    _resolve(store, routes, mappings, views)
    return views


def _resolve(store: Store, routes: EntityRoutes, mappings: Mappings, views: Sequence[LedgerView]) -> None:
    """What targets refer to becomes uids, as they were told; people who were merged since are one."""
    for route in routes.targets:
        sides = [view.targets[route.spoke] for view in views if route.spoke in view.targets]
        mapping = mappings.get((route.spoke, routes.entity))
        for name, entity in () if mapping is None else mapping.references.items():
            wanted = {side.values[name] for side in sides if isinstance(side.values.get(name), str)}
            known = store.crosswalk.resolve(route.spoke, entity, wanted) if wanted else {}
            for side in sides:
                if isinstance(external_id := side.values.get(name), str):
                    side.values[name] = known.get(external_id, external_id)
                    _survive(store, side, name)


def _survive(store: Store, side: Told, name: str) -> None:
    shadow, now = side.link.shadow, side.values[name]
    before = shadow.spoke.get(name)
    if isinstance(before, str) and before != now and store.hub.survivor(before) == now:
        shadow.agree(name, now, now)


def _told(link: Link, route: Route, mappings: Map[tuple[str, str], Mapping]) -> Told:
    mapping = mappings.get((link.spoke, link.entity))
    if mapping is None:  # put together from parts, in canonical values
        return Told(link, route, {} if link.seen is None else decode(link.seen), _plainly)
    problems: list[RowError] = []
    values = {} if link.seen is None else as_dict(mapping.read(decode(link.seen), problems))
    if link.stale:
        values.update((name, link.shadow.spoke[name]) for name in link.shadow.written if name in link.shadow.spoke)
    else:
        link.shadow.written = []
    return Told(link, route, values, equality(mapping), problems)


def _plainly(name: str, left: Any, right: Any) -> bool:
    del name
    return bool(left == right)
