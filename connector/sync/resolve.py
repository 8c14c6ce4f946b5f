"""A person decides a conflict. It holds only while the values that were shown still stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from connector.errors import UsageError
from connector.locale import N_
from connector.model.records import ENTITIES, fields_of
from connector.model.routes import EntityRoutes
from connector.model.states import Conflict, shadow_bytes
from connector.model.values import decimal_of, minor
from connector.store import Store
from connector.store.hub import TO_MERGE, TO_PLAN
from connector.sync.merge import Unit, units_of
from connector.sync.observe import encode
from connector.sync.people import merge_records
from connector.sync.view import Mappings, View, load

SEPARATE = "separate"


class Resolver:
    """Carries out decisions of a person, named in `by`."""

    def __init__(
        self, store: Store, routes: Mapping[str, EntityRoutes], mappings: Mappings, *, at: str, by: str
    ) -> None:
        self.store = store
        self.routes = routes
        self.mappings = mappings
        self.at = at
        self.by = by

    def take(self, conflict_id: int, account: str) -> None:
        """Decide for what an account (or its spoke) holds."""
        conflict = self._open(conflict_id)
        spoke = self._spoke(conflict, account)
        if spoke not in conflict.values:
            raise UsageError(
                N_("conflict {id} has no value of {account}; it has those of {known}"),
                id=conflict_id,
                account=account,
                known=", ".join(conflict.values),
            )
        if conflict.kind == "identity":
            raise UsageError(N_("conflict {id} asks who is who: give --value UID, or --value separate"), id=conflict_id)
        self._decide(conflict, conflict.values[spoke], winner=spoke)

    def value(self, conflict_id: int, text: str) -> None:
        """Decide for a value typed by the person; for an identity conflict the uid it is the same as, or `separate`."""
        conflict = self._open(conflict_id)
        if conflict.kind == "identity":
            self._identify(conflict, text)
        else:
            self._decide(conflict, self._parse(conflict, text), winner="person")

    def _open(self, conflict_id: int) -> Conflict:
        conflict = self.store.conflicts.get(conflict_id)
        if conflict is None:
            raise UsageError(N_("there is no conflict {id}"), id=conflict_id)
        if conflict.status != "open":
            raise UsageError(N_("conflict {id} is decided already"), id=conflict_id)
        return conflict

    def _spoke(self, conflict: Conflict, account: str) -> str:
        routes = self.routes[conflict.entity].routes
        return next((route.spoke for route in routes if account in (route.account, route.spoke)), account)

    def _parse(self, conflict: Conflict, text: str) -> Any:
        name = conflict.field or ""
        cls = ENTITIES[conflict.entity]
        if name in cls.amounts:
            return minor(decimal_of(text))
        if name == "active":
            if text.lower() not in ("true", "false"):
                raise UsageError(N_("{field} is true or false"), field=name)
            return text.lower() == "true"
        if name not in fields_of(conflict.entity):
            try:
                return msgspec.json.decode(text, type=dict[str, Any])
            except msgspec.DecodeError as error:
                raise UsageError(
                    N_("{field} moves together: take one side with --take, or give its fields as JSON"), field=name
                ) from error
        return text or None

    def _decide(self, conflict: Conflict, value: Any, winner: str) -> None:
        routes = self.routes[conflict.entity]
        unit = next(unit for unit in units_of(routes) if unit.name == conflict.field)
        with self.store.transaction(durable=True):
            (view,) = load(self.store, routes, self.mappings, [self.store.hub.survivor(conflict.uid)])
            self._still_current(conflict, view, unit)
            values = value if len(unit.fields) > 1 else {unit.name: value}
            view.hub.update(values)
            for side in view.sides.values():
                for name in [name for name in values if name in side.values]:
                    if side.equal(name, side.values[name], values[name]):
                        side.shadow.agree(name, values[name], side.values[name])
                    else:
                        side.shadow.overruled[name] = side.values[name]
            self._store(view)
            self.store.conflicts.close(conflict.id, winner, self.by, "manual", self.at)

    def _still_current(self, conflict: Conflict, view: View, unit: Unit) -> None:
        for spoke, shown in conflict.values.items():
            side = view.sides.get(spoke)
            if side is not None and unit.shown(unit.of(side.values)) != shown:
                raise UsageError(
                    N_("conflict {id}: the value of {account} has changed since; look again and decide anew"),
                    id=conflict.id,
                    account=spoke,
                )

    def _store(self, view: View) -> None:
        body = encode({name: view.hub[name] for name in fields_of(view.entity) if name in view.hub})
        self.store.hub.put([(body, view.uid)])
        moved = [
            (shadow_bytes(link.shadow), link.id) for link in view.links if link.spoke in view.sides and link.primary
        ]
        self.store.crosswalk.shadows(moved)
        self.store.hub.mark(view.entity, [view.uid], TO_MERGE)

    def _identify(self, conflict: Conflict, text: str) -> None:
        rivals = {uid for uids in conflict.values.values() for uid in uids}
        with self.store.transaction(durable=True):
            if text == SEPARATE:
                self.store.conflicts.close(conflict.id, SEPARATE, self.by, "manual", self.at)
                self.store.hub.mark(conflict.entity, [conflict.uid, *rivals], TO_PLAN)
                return
            if text not in rivals:
                raise UsageError(
                    N_("conflict {id}: {uid} is none of the candidates; give one of {known}, or “separate”"),
                    id=conflict.id,
                    uid=text,
                    known=", ".join(sorted(rivals)),
                )
            if conflict.entity == "card" and conflict.field == "customer":
                self._give_card(conflict, text)
            else:
                merge_records(self.store, conflict.uid, text, at=self.at, by=self.by)
            self.store.conflicts.close(conflict.id, text, self.by, "manual", self.at)

    def _give_card(self, conflict: Conflict, customer: str) -> None:
        body = msgspec.json.decode(self.store.hub.bodies([conflict.uid])[conflict.uid])
        old = body.get("customer")
        body["customer"] = customer
        self.store.hub.put([(encode({name: body[name] for name in fields_of("card") if name in body}), conflict.uid)])
        self.store.hub.forget([("card", "customer", str(old), conflict.uid)])
        self.store.hub.identify([("card", "customer", customer, conflict.uid)])
        self.store.hub.mark("card", [conflict.uid], TO_MERGE)
        self.store.hub.mark("customer", [customer, *([old] if isinstance(old, str) else [])], TO_MERGE)
