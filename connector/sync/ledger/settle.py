"""Settle what is marked: load, settle, write hub, shadows, identifiers, conflicts and journal back, chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from connector.model.records import ENTITIES, fields_of
from connector.model.routes import EntityRoutes
from connector.model.states import Link, shadow_bytes
from connector.model.values import ABSENT
from connector.store import Store
from connector.store.hub import TO_MERGE
from connector.sync.identity import identity_conflict
from connector.sync.ledger.facts import settle
from connector.sync.ledger.goods import Goods, mention_of
from connector.sync.ledger.tell import amount
from connector.sync.ledger.view import LedgerView, load
from connector.sync.merge import Unit, units_of
from connector.sync.rows import encode, problem_line, reference_rows
from connector.sync.view import Mappings

CHUNK: Final = 500
MOMENT: Final = "moment"
"""The scheme under which a fact without a number of its own is known: customer and moment (V-04)."""
_NEW: Final = b"{}"
_NO_KEY: Final = ("", "")


class LedgerSettler:
    """Settles marked facts of all ledger entities."""

    def __init__(self, store: Store, mappings: Mappings, goods: Goods, run: int, at: str) -> None:
        self.store = store
        self.mappings = mappings
        self.goods = goods
        self.run = run
        self.at = at

    def settle(self, routes: EntityRoutes) -> None:
        """Settle every marked fact of an entity."""
        units = units_of(routes)
        while uids := self.store.hub.marked(routes.entity, TO_MERGE, limit=CHUNK):
            with self.store.transaction():
                views = load(self.store, routes, self.mappings, uids)
                self._settle(routes, views, units)
                self._journal(routes, views)
                fresh = self._write(routes, views)
                self._doubts(routes, fresh)
                self.store.hub.merged(uids)

    def _settle(self, routes: EntityRoutes, views: Sequence[LedgerView], units: Sequence[Unit]) -> None:
        customers = self._referred(routes, views)
        goods = self._mentioned(views)
        for view in views:
            before = {link.id: shadow_bytes(link.shadow) for link in _links(view)}
            settled = settle(view, _resolved(view, customers, goods), units, routes.clock_tolerance)
            self.store.conflicts.write(settled.conflicts, self.run, self.at)
            for conflict in settled.vanished:
                self.store.conflicts.close(conflict.id, None, "agreed", conflict.rule, self.at)
            self.store.crosswalk.shadows(
                [(now, link.id) for link in _links(view) if (now := shadow_bytes(link.shadow)) != before[link.id]]
            )

    def _referred(self, routes: EntityRoutes, views: Sequence[LedgerView]) -> dict[tuple[str, str, str], str]:
        """(spoke, field, external id) -> uid of what sources refer to."""
        found: dict[tuple[str, str, str], str] = {}
        for name, entity in ENTITIES[routes.entity].references.items():
            wanted: dict[str, set[str]] = {}
            for view in views:
                if view.source is not None and isinstance(value := view.source.values.get(name), str):
                    wanted.setdefault(view.source.link.spoke, set()).add(value)
            for spoke, values in wanted.items():
                known = self.store.crosswalk.resolve(spoke, entity, values)
                found.update({(spoke, name, value): uid for value, uid in known.items()})
        return found

    def _mentioned(self, views: Sequence[LedgerView]) -> dict[tuple[str, str], str]:
        """(spoke, mention) -> uid of the goods in the lines of sources."""
        lines: dict[str, list[dict[str, Any]]] = {}
        for view in views:
            if view.source is not None:
                lines.setdefault(view.source.link.spoke, []).extend(view.source.values.get("lines") or ())
        return {
            (spoke, mention): uid
            for spoke, named in lines.items()
            for mention, uid in self.goods.mentioned(spoke, named).items()
        }

    def _journal(self, routes: EntityRoutes, views: Sequence[LedgerView]) -> None:
        """What could not be read of whole documents; parts have told of themselves."""
        for route in routes.routes:
            own = [(view, told) for view in views for told in view.sides if told.link.spoke == route.spoke]
            self.store.journal.clear_row(route.account, routes.entity, [told.link.external_id for _, told in own])
            lines = [
                problem_line(route, told.link.external_id, view.uid, problem, amount(view))
                for view, told in own
                for problem in told.problems
            ]
            self.store.journal.write(lines, self.run, self.at)

    def _write(self, routes: EntityRoutes, views: Sequence[LedgerView]) -> list[LedgerView]:
        """Store what the hub holds now and what it is found by; the facts that are seen for the first time."""
        order = fields_of(routes.entity)
        stored = self.store.hub.bodies(view.uid for view in views)
        known = self.store.hub.identifiers(view.uid for view in views)
        bodies = []
        for view in views:
            body = encode({name: view.hub[name] for name in order if name in view.hub})
            if body != stored[view.uid]:
                bodies.append((body, view.uid))
            wanted = {(scheme, value) for _, scheme, value, _ in reference_rows(view.entity, view.hub, view.uid)}
            wanted |= _moment(view)
            held = known[view.uid]
            self.store.hub.identify([(view.entity, *key, view.uid) for key in sorted(wanted - held)])
            self.store.hub.forget([(view.entity, *key, view.uid) for key in sorted(held - wanted)])
        self.store.hub.put(bodies)
        return [view for view in views if stored[view.uid] == _NEW]

    def _doubts(self, routes: EntityRoutes, fresh: Sequence[LedgerView]) -> None:
        """A new fact of the same customer and moment as an older one, neither with a number of its own (V-04).

        It may be the older one with another amount. Two that appear together are two.
        """
        keys = {view.uid: key for view in fresh for key in _moment(view)}
        holders = self.store.hub.holders(routes.entity, [value for _, value in keys.values()]) if keys else {}
        for view in fresh:
            uids = [uid for uid in holders.get(keys.get(view.uid, _NO_KEY), ()) if uid != view.uid]
            links = self.store.crosswalk.of(uids)
            older = [uid for uid in uids if any(link.run != self.run for link in links[uid])]
            if older and view.source is not None:
                spoke = view.source.link.spoke
                conflict = identity_conflict(routes.entity, view.uid, MOMENT, {spoke: sorted(older)})
                self.store.conflicts.write([conflict], self.run, self.at)


def _links(view: LedgerView) -> list[Link]:
    return [side.link for side in view.sides]


def _resolved(
    view: LedgerView, referred: dict[tuple[str, str, str], str], goods: dict[tuple[str, str], str]
) -> dict[str, Any]:
    """The hub's values for what the source says in its own ids; ABSENT for what leads nowhere yet."""
    if view.source is None:
        return {}
    spoke, values = view.source.link.spoke, view.source.values
    found: dict[str, Any] = {
        name: referred.get((spoke, name, value), ABSENT)
        for name in ENTITIES[view.entity].references
        if isinstance(value := values.get(name), str)
    }
    if isinstance(lines := values.get("lines"), list):
        found["lines"] = [_line(line, goods.get((spoke, mention_of(line) or ""))) for line in lines]
    return found


def _line(line: dict[str, Any], uid: str | None) -> dict[str, Any]:
    own = {name: value for name, value in line.items() if name != "product"}
    return own if uid is None else {"product": uid, **own}


def _moment(view: LedgerView) -> set[tuple[str, str]]:
    source = view.source
    if source is None or source.values.get("number") is not None or source.values.get("date") is None:
        return set()
    return {(MOMENT, f"{source.link.spoke}/{source.values.get('customer') or ''}/{source.values['date']}")}
