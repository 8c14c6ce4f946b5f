"""Everything the store knows of some records, ready for the pure parts: hub values, sides, open questions."""

from __future__ import annotations

from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.errors import RowError
from connector.mapping import Mapping
from connector.model.records import ENTITIES, as_dict, merged_fields
from connector.model.routes import EntityRoutes
from connector.model.states import Conflict, Link, Operation
from connector.store import Store
from connector.sync.merge import Equal, Side
from connector.sync.observe import decode

Mappings = Map[tuple[str, str], Mapping]
"""(spoke, entity) -> compiled mapping of its channel."""


@dataclass(slots=True)
class View:
    """One hub record as a run sees it."""

    uid: str
    entity: str
    hub: dict[str, Any]
    links: list[Link]
    sides: dict[str, Side] = field(default_factory=dict)
    unresolved: dict[str, list[str]] = field(default_factory=dict)
    """spoke -> reference fields that lead to a record without a link."""
    observed: dict[str, dict[str, Any]] = field(default_factory=dict)
    """spoke -> all canonical values read there, derived and read-only ones included."""
    problems: list[tuple[Link, RowError]] = field(default_factory=list)
    unreadable: dict[str, set[str]] = field(default_factory=dict)
    """spoke -> fields whose value there cannot be read: it is somebody's text, and nobody may overwrite it."""
    conflicts: list[Conflict] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)

    def link(self, spoke: str) -> Link | None:
        return next((link for link in self.links if link.spoke == spoke and link.primary), None)

    @property
    def held(self) -> bool:
        """Whether an open identity conflict keeps this record from being created anywhere."""
        return any(conflict.kind == "identity" for conflict in self.conflicts)

    @property
    def waiting_units(self) -> set[str]:
        return {conflict.field for conflict in self.conflicts if conflict.kind == "field" and conflict.field}

    def open_operation(self, spoke: str) -> bool:
        return any(
            operation.spoke == spoke and operation.status in ("sent", "unknown", "parked", "offered")
            for operation in self.operations
        )


def load(store: Store, routes: EntityRoutes, mappings: Mappings, uids: Sequence[str]) -> list[View]:
    """The views of these records, in the given order; a handful of statements however many they are."""
    bodies = store.hub.living(uids)
    links = store.crosswalk.of(uids)
    conflicts = store.conflicts.open_of(uids)
    operations = store.outbox.unfinished(uids)
    views = [
        View(
            uid,
            routes.entity,
            decode(bodies[uid]),
            links[uid],
            conflicts=conflicts.get(uid, []),
            operations=operations.get(uid, []),
        )
        for uid in uids
        if uid in bodies
    ]
    for view in views:
        _read_sides(view, routes, mappings)
    _resolve(store, views, routes, mappings)
    return views


def _read_sides(view: View, routes: EntityRoutes, mappings: Mappings) -> None:
    for link in view.links:
        route = routes.route(link.spoke)
        if not link.primary or route is None or route.direction == "off":
            continue
        mapping = mappings[link.spoke, view.entity]
        values = _values(view, link, mapping) if link.seen is not None or link.gone else {}
        view.observed[link.spoke] = values
        kept = {name: value for name, value in values.items() if _taking_part(routes, view.entity, name)}
        view.sides[link.spoke] = Side(
            link.spoke, kept if route.reads else {}, link.shadow, equality(mapping), link.changed_at, link.gone
        )


def equality(mapping: Mapping) -> Equal:
    """A mapping's own equality; what it does not read itself, or refers to, is compared as it stands."""
    own = mapping.reads - mapping.references.keys()
    return lambda name, left, right: mapping.equal(name, left, right) if name in own else bool(left == right)


def _values(view: View, link: Link, mapping: Mapping) -> dict[str, Any]:
    has_active = "active" in ENTITIES[view.entity].__struct_encode_fields__
    if link.gone:
        return {"active": False} if has_active else {}
    problems: list[RowError] = []
    values = as_dict(mapping.read(decode(link.seen or b"{}"), problems))
    view.problems.extend((link, problem) for problem in problems)
    if problems:
        view.unreadable[link.spoke] = {problem.field for problem in problems}
    if has_active and "active" not in values:
        values["active"] = True
    if link.stale:
        values.update((name, link.shadow.spoke[name]) for name in link.shadow.written if name in link.shadow.spoke)
    else:
        link.shadow.written = []
        _judge_written(link, values, mapping)
    return values


def _judge_written(link: Link, values: dict[str, Any], mapping: Mapping) -> None:
    """The first sight after our write: a field that stands as it stood before was not taken, and is nobody's edit."""
    shadow, same = link.shadow, equality(mapping)
    for name, before in shadow.before.items():
        if name not in values or not shadow.has(name) or same(name, before, shadow.spoke[name]):
            continue
        if same(name, values[name], before) and shadow.overruled.get(name, object()) != values[name]:
            shadow.overruled[name] = values[name]
            shadow.ignored[name] = shadow.ignored.get(name, 0) + 1


def _taking_part(routes: EntityRoutes, entity: str, name: str) -> bool:
    return name in merged_fields(entity) and routes.authority[name].name != "none"


def _resolve(store: Store, views: Sequence[View], routes: EntityRoutes, mappings: Mappings) -> None:
    """Reference values become uids; those that lead nowhere are taken out and noted."""
    for route in routes.routes:
        mapping = mappings.get((route.spoke, routes.entity))
        for name, entity in () if mapping is None else mapping.references.items():
            sides = [(view, view.sides[route.spoke]) for view in views if route.spoke in view.sides]
            wanted = {side.values[name] for _, side in sides if isinstance(side.values.get(name), str)}
            known = store.crosswalk.resolve(route.spoke, entity, wanted) if wanted else {}
            if entity in routes.proposed and known:
                joined = store.crosswalk.joined(set(known.values()))
                known = {external_id: uid for external_id, uid in known.items() if uid in joined}
            for view, side in sides:
                external_id = side.values.get(name)
                if not isinstance(external_id, str):
                    continue
                if external_id in known:
                    side.values[name] = view.observed[route.spoke][name] = known[external_id]
                else:
                    del side.values[name]
                    view.unresolved.setdefault(route.spoke, []).append(name)
