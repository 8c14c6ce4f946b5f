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
from connector.sync.ledger.lines import differing, renamed
from connector.sync.merge import Equal
from connector.sync.rows import decode
from connector.sync.view import Mappings, equality

UNDER_WAY = ("sent", "unknown", "parked")
"""A target may know of the fact already."""
_LINES = frozenset({"lines"})


@dataclass(slots=True)
class Told:
    """What one spoke says of a fact: its values as they are read there, ids of its own in them."""

    link: Link
    route: Route
    values: dict[str, Any]
    equal: Equal
    problems: list[RowError] = field(default_factory=list)
    goods: Map[str, str] = field(default_factory=dict)
    """uid -> what this spoke calls a good that its lines name."""
    strict: bool = True
    """Whether a line always names its good by an id; else one without it is told from others by article and name."""

    @property
    def differing(self) -> list[int]:
        """The numbers of the lines that differ from those that were agreed."""
        shadow = self.link.shadow
        return self._unlike(shadow.spoke["lines"], self.values["lines"]) if "lines" in self.changed(_LINES) else []

    def same(self, name: str, one: Any, other: Any) -> bool:
        """Whether two values of a field are one to this spoke; lines are, if they are the same sale."""
        return not self._unlike(one, other) if name == "lines" and self.reads_back else self.equal(name, one, other)

    @property
    def reads_back(self) -> bool:
        """Whether it shows what it was told: then its lines are not in our own words."""
        return self.route.fed is None

    def _unlike(self, one: Any, other: Any) -> list[int]:
        return differing(*(renamed(lines, self.goods, strict=self.strict) for lines in (one, other)))

    def changed(self, names: frozenset[str]) -> dict[str, Any]:
        """What it says otherwise than when it was agreed, and has not been decided about since."""
        shadow = self.link.shadow
        return {
            name: value
            for name, value in self.values.items()
            if name in names
            and shadow.has(name)
            and not self.same(name, value, shadow.spoke[name])
            and not (name in shadow.overruled and self.same(name, value, shadow.overruled[name]))
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
    kept: bool = False
    """Whether it is told to nobody and stays here: it stands as it was first seen."""

    @property
    def told(self) -> bool:
        """Whether any target has it, or may have it: from then on its content is not ours to follow."""
        return (
            self.kept
            or bool(self.targets)
            or any(operation.verb == "create" and operation.status in UNDER_WAY for operation in self.operations)
        )

    @property
    def sides(self) -> list[Told]:
        """Everybody who speaks of it."""
        return [side for side in (self.source, *self.targets.values()) if side is not None]

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
            kept=not routes.targets,
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
        if mapping is not None and mapping.lines is not None and "product" in mapping.lines.row.reads:
            _name_goods(store, route, sides, strict="product" in mapping.lines.row.writes)


def _name_goods(store: Store, route: Route, sides: Sequence[Told], *, strict: bool) -> None:
    """Goods in lines that were read become uids, where they are known; and what the target calls each good."""
    read = {line["product"] for side in sides for line in _lines(side.values) if "product" in line}
    known = store.crosswalk.resolve(route.spoke, "product", read) if read else {}
    told = {line["product"] for side in sides for line in _lines(side.link.shadow.spoke) if "product" in line}
    survivors = {uid: store.hub.survivor(uid) for uid in told | set(known.values())}
    there = store.crosswalk.targets(route.spoke, "product", survivors.values()) if survivors else {}
    goods = {uid: there[survivor] for uid, survivor in survivors.items() if survivor in there}
    for side in sides:
        side.goods, side.strict = goods, strict
        if lines := _lines(side.values):
            side.values["lines"] = renamed(lines, known, strict=True)


def _lines(values: Map[str, Any]) -> list[dict[str, Any]]:
    return values.get("lines") or []


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


def document_question(
    view: LedgerView, field: str | None, values: Map[str, Any], base: Map[str, Any] | None = None
) -> Conflict:
    """What a person is asked about a document: of one field, or of all that differs."""
    return Conflict(
        kind="document",
        entity=view.entity,
        uid=view.uid,
        field=field,
        base=base,
        values=values,
        rule="manual",
        winner=None,
        status="open",
    )
