"""A person decides a conflict. It holds only while the values that were shown still stand."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Any

import msgspec

from connector.errors import UsageError
from connector.locale import N_
from connector.mapping.typed import typed
from connector.model.records import ENTITIES, as_dict, fields_of, is_ledger
from connector.model.routes import EntityRoutes
from connector.model.states import Conflict, shadow_bytes
from connector.store import Store
from connector.store.hub import TO_MERGE, TO_PLAN
from connector.sync.ledger.resolve import LedgerResolver
from connector.sync.merge import Unit, units_of
from connector.sync.observe import decode, encode
from connector.sync.people import merge_records
from connector.sync.questions import ask, uids_of, without
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
        spoke = self._spoke(conflict.entity, account)
        if spoke not in conflict.values:
            raise UsageError(
                N_("conflict {id} has no value of {account}; it has those of {known}"),
                id=conflict_id,
                account=account,
                known=", ".join(conflict.values),
            )
        if conflict.kind == "identity":
            raise UsageError(
                N_("conflict {id} asks who is who: give --value ACCOUNT:ID of the same one, or --value separate"),
                id=conflict_id,
            )
        self._decide(conflict, conflict.values[spoke], winner=spoke)

    def value(self, conflict_id: int, text: str) -> None:
        """Decide for a value typed by the person; for an identity conflict who it is the same as, or `separate`.

        Who: ACCOUNT:ID of a row of a candidate, or the candidate's uid.
        """
        conflict = self._open(conflict_id)
        if conflict.kind == "identity":
            self._identify(conflict, text)
        elif conflict.kind == "document":
            raise UsageError(N_("conflict {id} asks which document counts: give --take ACCOUNT"), id=conflict_id)
        else:
            self._decide(conflict, self._parse(conflict, text), winner="person")

    def _open(self, conflict_id: int) -> Conflict:
        conflict = self.store.conflicts.get(conflict_id)
        if conflict is None:
            raise UsageError(N_("there is no conflict {id}"), id=conflict_id)
        if conflict.status != "open":
            raise UsageError(N_("conflict {id} is decided already"), id=conflict_id)
        return conflict

    def _spoke(self, entity: str, account: str) -> str:
        routes = self.routes[entity].routes if entity in self.routes else ()
        return next((route.spoke for route in routes if account in (route.account, route.spoke)), account)

    def _parse(self, conflict: Conflict, text: str) -> Any:
        name = conflict.field or ""
        if name in fields_of(conflict.entity):
            return self._one(conflict.entity, name, text)
        members = self.routes[conflict.entity].together.get(name, ())
        try:
            told = msgspec.json.decode(text, type=dict[str, str | None])
        except msgspec.DecodeError as error:
            raise UsageError(
                N_("{field} moves together: take one side with --take, or give its fields as JSON"), field=name
            ) from error
        if unknown := sorted(told.keys() - set(members)):
            raise UsageError(
                N_("{field} has no {unknown}; it has {known}"),
                field=name,
                unknown=", ".join(unknown),
                known=", ".join(members),
            )
        return {member: self._one(conflict.entity, member, value or "") for member, value in told.items()}

    def _one(self, entity: str, name: str, text: str) -> Any:
        """A reference is the uid of a record that exists; everything else is checked by what the field holds."""
        target = ENTITIES[entity].references.get(name)
        if target is None:
            return typed(entity, name, text)
        uid = self.store.hub.survivor(text.strip())
        if self.store.hub.entity_of(uid) != target:
            raise UsageError(N_("{uid} is no {entity}"), uid=text, entity=target)
        return uid

    def _decide(self, conflict: Conflict, value: Any, winner: str) -> None:
        routes = self.routes[conflict.entity]
        if is_ledger(conflict.entity):
            with self.store.transaction(durable=True):
                self._ledger(conflict.entity).decide(conflict, value, winner)
            return
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
        subject = self.store.hub.survivor(conflict.uid)
        rivals = {self.store.hub.survivor(uid) for uid in uids_of(conflict.values)} - {subject}
        chosen = text if text == SEPARATE else self._named(conflict, text)
        with self.store.transaction(durable=True):
            if _asks_for_holder(conflict):
                self._hold(conflict, chosen, rivals)
            elif chosen == SEPARATE:
                self.store.conflicts.close(conflict.id, SEPARATE, self.by, "manual", self.at)
                self.store.hub.mark(conflict.entity, [subject, *rivals], TO_PLAN)
            else:
                self._candidate(conflict, chosen, rivals)
                self._same(conflict, subject, chosen)

    def _named(self, conflict: Conflict, text: str) -> str:
        """The record that is meant by a uid, or by ACCOUNT:ID of one of its rows."""
        account, colon, external_id = text.strip().partition(":")
        if not colon:
            return self.store.hub.survivor(text.strip())
        entity = "customer" if _asks_for_holder(conflict) else conflict.entity
        external_id = external_id.removeprefix(f"{entity}:")
        link = self.store.crosswalk.at(self._spoke(entity, account), entity, external_id)
        if link is None:
            text = N_("{account} has no {entity} {id}")
            raise UsageError(text, account=account, entity=entity, id=external_id)
        return link.uid

    def _same(self, conflict: Conflict, subject: str, chosen: str) -> None:
        """The two are one. Whether the other candidates are it too is a question of its own."""
        self.store.conflicts.close(conflict.id, chosen, self.by, "manual", self.at)
        if is_ledger(conflict.entity):
            self._ledger(conflict.entity).join(subject, chosen)
        else:
            merge_records(self.store, subject, chosen, at=self.at, by=self.by)
        left = without(conflict.values, subject, chosen)
        if left:
            ask(self.store, replace(conflict, id=0, uid=chosen, values=left), self.at)

    def _ledger(self, entity: str) -> LedgerResolver:
        return LedgerResolver(self.store, self.routes[entity], self.mappings, at=self.at, by=self.by)

    @staticmethod
    def _candidate(conflict: Conflict, text: str, rivals: Set[str]) -> None:
        if text not in rivals:
            raise UsageError(
                N_("conflict {id}: {uid} is none of the candidates; give one of {known}, or “separate”"),
                id=conflict.id,
                uid=text,
                known=", ".join(sorted(rivals)),
            )

    def _hold(self, conflict: Conflict, text: str, rivals: Set[str]) -> None:
        """Say whose card it is; with `separate` it stays with its holder. The others are not shown with it any more."""
        body = msgspec.json.decode(self.store.hub.bodies([conflict.uid])[conflict.uid])
        old = body.get("customer")
        holder = old if text == SEPARATE else self.store.hub.survivor(text)
        if holder != old:
            self._candidate(conflict, holder, rivals)
            self._give_card(conflict, holder)
        for customer in sorted(rivals - {holder}):
            self._take_away(customer, body["uid"])
        self.store.hub.mark("customer", sorted(rivals))
        self.store.hub.mark("card", [conflict.uid])
        self.store.conflicts.close(conflict.id, holder, self.by, "manual", self.at)

    def _take_away(self, customer: str, number: str) -> None:
        """Where a customer is shown with a number that is not his, it waits for our write."""
        moved = []
        self.store.hub.forget([("customer", "card_uid", number, customer)])
        for link in self.store.crosswalk.of([customer])[customer]:
            mapping = self.mappings.get((link.spoke, "customer"))
            if mapping is None or "card_uid" not in mapping.reads or not link.primary or link.seen is None:
                continue
            if as_dict(mapping.read(decode(link.seen), [])).get("card_uid") == number:
                link.shadow.overruled["card_uid"] = number
                moved.append((shadow_bytes(link.shadow), link.id))
        self.store.crosswalk.shadows(moved)

    def _give_card(self, conflict: Conflict, customer: str) -> None:
        body = msgspec.json.decode(self.store.hub.bodies([conflict.uid])[conflict.uid])
        old = body.get("customer")
        body["customer"] = customer
        self.store.hub.put([(encode({name: body[name] for name in fields_of("card") if name in body}), conflict.uid)])
        self.store.hub.forget([("card", "customer", str(old), conflict.uid)])
        self.store.hub.identify([("card", "customer", customer, conflict.uid)])


def _asks_for_holder(conflict: Conflict) -> bool:
    """Whether the question is whose card it is; its candidates are customers."""
    return conflict.entity == "card" and conflict.field == "customer"
