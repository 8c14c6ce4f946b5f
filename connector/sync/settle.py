"""Merge what is marked: read, merge, write hub, shadows, identifiers and conflicts back, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from connector.model.records import fields_of
from connector.model.routes import EntityRoutes
from connector.model.states import Conflict, shadow_bytes
from connector.model.values import ABSENT
from connector.store import Store
from connector.store.hub import TO_MERGE, TO_PLAN
from connector.sync.cards import main_card, typed_cards
from connector.sync.identity import identifiers
from connector.sync.merge import Unit, merge, units_of
from connector.sync.observe import decode, encode, problem_line, reference_rows
from connector.sync.view import Mappings, View, load

CHUNK = 500


class Settler:
    """Merges marked records of all entities. `today` dates a card that was typed at a till."""

    def __init__(
        self, store: Store, mappings: Mappings, run: int, at: str, today: str, fresh_uid: Callable[[], str]
    ) -> None:
        self.store = store
        self.mappings = mappings
        self.run = run
        self.at = at
        self.today = today
        self.fresh_uid = fresh_uid
        self.conflicts: dict[str, int] = {}

    def settle(self, routes: EntityRoutes) -> int:
        """Merge every marked record of an entity; how many there were."""
        units = units_of(routes)
        count = 0
        while uids := self.store.hub.marked(routes.entity, TO_MERGE, limit=CHUNK):
            with self.store.transaction():
                views = load(self.store, routes, self.mappings, uids)
                holders = {view.hub.get("customer") for view in views}
                for view in views:
                    self._merge(view, routes, units)
                self._journal(views, routes)
                self._write(views, routes)
                self.store.hub.merged(uids)
                if routes.entity == "card":  # what spokes show is heard first, then the main card is shown
                    holders |= {view.hub.get("customer") for view in views}
                    self.store.hub.mark("customer", sorted(uid for uid in holders if isinstance(uid, str)), TO_PLAN)
            count += len(uids)
        return count

    def _merge(self, view: View, routes: EntityRoutes, units: Sequence[Unit]) -> None:
        before = {link.spoke: shadow_bytes(link.shadow) for link in view.links if link.primary}
        result = merge(
            view.uid,
            view.hub,
            list(view.sides.values()),
            units,
            entity=view.entity,
            fresh=_is_fresh(view),
            open_units=view.waiting_units,
            tolerance=routes.clock_tolerance,
        )
        view.hub = result.hub
        for name in result.vanished:
            self.store.conflicts.vanish(view.uid, name, "agreed", self.at)
        self.store.conflicts.write(result.conflicts, self.run, self.at)
        self.conflicts[view.entity] = self.conflicts.get(view.entity, 0) + len(result.conflicts)
        for link in view.links:
            if not link.stale and link.seen is not None:
                link.shadow.before = {}  # what it showed after our write has been judged
        moved = [
            (now, link.id)
            for link in view.links
            if link.primary and (now := shadow_bytes(link.shadow)) != before[link.spoke]
        ]
        self.store.crosswalk.shadows(moved)

    def _write(self, views: Sequence[View], routes: EntityRoutes) -> None:
        order = fields_of(routes.entity)
        stored = self.store.hub.bodies(view.uid for view in views)
        known = self.store.hub.identifiers(view.uid for view in views)
        bodies: list[tuple[bytes, str]] = []
        added: list[tuple[str, str, str, str]] = []
        dropped: list[tuple[str, str, str, str]] = []
        for view in views:
            body = encode({name: view.hub[name] for name in order if name in view.hub})
            if body != stored[view.uid]:
                bodies.append((body, view.uid))
            wanted = self._identifiers(view)
            held = known[view.uid]
            added.extend((view.entity, *key, view.uid) for key in sorted(wanted - held))
            dropped.extend((view.entity, *key, view.uid) for key in sorted(held - wanted) if key[0] != "card_uid")
        self.store.hub.put(bodies)
        self.store.hub.identify(added)
        self.store.hub.forget(dropped)

    def _identifiers(self, view: View) -> set[tuple[str, str]]:
        if view.links and all(link.gone for link in view.links):
            return set()
        found = set(identifiers(view.entity, view.hub))
        found.update((scheme, value) for _, scheme, value, _ in reference_rows(view.entity, view.hub, view.uid))
        for values in view.observed.values():
            found.update(("id_1c", values["id_1c"]) for _ in (0,) if isinstance(values.get("id_1c"), str))
        return found

    def _journal(self, views: Sequence[View], routes: EntityRoutes) -> None:
        for route in routes.routes:
            links = [link for view in views for link in view.links if link.spoke == route.spoke]
            self.store.journal.clear_row(route.account, routes.entity, [link.external_id for link in links])
            lines = [
                problem_line(route, link.external_id, view.uid, problem)
                for view in views
                for link, problem in view.problems
                if link.spoke == route.spoke
            ]
            self.store.journal.write(lines, self.run, self.at)

    # cards

    def hear_of_cards(self, routes: EntityRoutes) -> None:
        """Card numbers that spokes show for customers become cards, or questions. Call when cards are merged."""
        after = ""
        while uids := self.store.hub.marked(routes.entity, TO_PLAN, after, CHUNK):
            after = uids[-1]
            with self.store.transaction():
                views = [view for view in load(self.store, routes, self.mappings, uids) if not view.held]
                for view in views:
                    for typed in typed_cards(view.sides.values(), view.observed):
                        self._hear(view, typed.spoke, typed.number, self.today if typed.how == "typed" else None)
                self._show_cards(view.uid for view in views)

    def _hear(self, view: View, spoke: str, number: str, issued_on: str | None) -> None:
        known = self.store.hub.holders("card", [number]).get(("card_uid", number), [])
        if len(known) > 1:
            return
        if not known:
            card = {"uid": number, "status": "active", "issued_on": issued_on, "customer": view.uid, "active": True}
            self._put_card(self.fresh_uid(), {k: v for k, v in card.items() if v is not None}, new=True)
            return
        body = decode(self.store.hub.bodies(known)[known[0]])
        holder = body.get("customer")
        if holder is None:
            self._put_card(known[0], {**body, "customer": view.uid}, new=False)
        elif self.store.hub.survivor(holder) != view.uid:
            rivals = sorted({holder, view.uid, *self._rivals(known[0])})
            self.store.conflicts.write([_holder_conflict(known[0], spoke, rivals)], self.run, self.at)

    def _rivals(self, card: str) -> set[str]:
        """Who is asked about already as the holder of a card."""
        asked = [c for c in self.store.conflicts.open_of([card]).get(card, ()) if c.field == "customer"]
        return {uid for conflict in asked for uids in conflict.values.values() for uid in uids}

    def _put_card(self, uid: str, card: dict[str, Any], new: bool) -> None:
        body = encode({name: card[name] for name in fields_of("card") if name in card})
        if new:
            self.store.hub.add("card", [(uid, body)])
        else:
            self.store.hub.put([(body, uid)])
        rows = [("card", scheme, value, uid) for scheme, value in identifiers("card", card)]
        self.store.hub.identify(rows + reference_rows("card", card, uid))
        self.store.hub.mark("card", [uid], TO_PLAN)

    def _show_cards(self, customers: Iterable[Any]) -> None:
        """Compute customer.card_uid anew and mark those whose number changes."""
        wanted = sorted({uid for uid in customers if isinstance(uid, str)})
        if not wanted:
            return
        cards = self.store.hub.holders("card", wanted)
        bodies = self.store.hub.bodies({uid for uids in cards.values() for uid in uids})
        stored = self.store.hub.bodies(wanted)
        links = self.store.crosswalk.of(wanted)
        known = self.store.hub.identifiers(wanted)
        for uid in wanted:
            if uid not in stored:
                continue
            self._forget_numbers(uid, known[uid], [bodies[card] for card in cards.get(("customer", uid), ())])
            own = [decode(bodies[card]) for card in cards.get(("customer", uid), ()) if card in bodies]
            self._show(uid, decode(stored[uid]), main_card(own), own, links[uid])

    def _forget_numbers(self, uid: str, known: set[tuple[str, str]], cards: Sequence[bytes]) -> None:
        """He is no longer known by a card that has become another's."""
        own = {decode(card).get("uid") for card in cards}
        lost = [number for scheme, number in known if scheme == "card_uid" and number not in own]
        others = self.store.hub.holders("card", lost) if lost else {}
        taken = [number for number in lost if others.get(("card_uid", number))]
        self.store.hub.forget([("customer", "card_uid", number, uid) for number in taken])

    def _show(self, uid: str, hub: dict[str, Any], number: Any, cards: Sequence[Any], links: Sequence[Any]) -> None:
        numbers = [("customer", "card_uid", card["uid"], uid) for card in cards if isinstance(card.get("uid"), str)]
        self.store.hub.identify(numbers)
        if number is ABSENT and _shown_with_a_card(hub, links):
            number = None
        if number is not ABSENT and hub.get("card_uid", ABSENT) != number:
            hub["card_uid"] = number
            self.store.hub.put([(encode({name: hub[name] for name in fields_of("customer") if name in hub}), uid)])
            self.store.hub.mark("customer", [uid], TO_PLAN)
        if number is not ABSENT:
            self._compare_shown(uid, number, links)

    def _compare_shown(self, uid: str, number: Any, links: Sequence[Any]) -> None:
        """Each spoke that shows a number agrees with the main card, or waits for our write."""
        for link in links:
            mapping = self.mappings.get((link.spoke, "customer"))
            if mapping is None or "card_uid" not in mapping.reads or not link.primary or link.seen is None:
                continue
            shown = mapping.read(decode(link.seen), []).card_uid  # type: ignore[attr-defined]
            before = shadow_bytes(link.shadow)
            if shown is ABSENT:
                continue
            if shown == number:
                link.shadow.agree("card_uid", number, shown)
            elif shown is not None and link.shadow.overruled.get("card_uid") != shown:
                self._overrule(uid, link, number, shown)
            if shadow_bytes(link.shadow) != before:
                self.store.crosswalk.shadows([(shadow_bytes(link.shadow), link.id)])

    def _overrule(self, uid: str, link: Any, number: Any, shown: str) -> None:
        if link.shadow.has("card_uid") and link.shadow.spoke["card_uid"] == shown:
            return
        link.shadow.overruled["card_uid"] = shown
        conflict = Conflict(
            kind="field",
            entity="customer",
            uid=uid,
            field="card_uid",
            base=link.shadow.spoke.get("card_uid"),
            values={link.spoke: shown, "hub": number},
            rule="main_card",
            winner="hub",
            status="resolved",
            by="rule",
        )
        self.store.conflicts.write([conflict], self.run, self.at)


def _is_fresh(view: View) -> bool:
    """The hub is nothing but the first sight of one spoke, and another one meets it now."""
    agreed = [link for link in view.links if link.shadow.spoke]
    strangers = [link for link in view.links if link.primary and not link.shadow.spoke]
    if len(agreed) != 1 or not strangers:
        return False
    shadow = agreed[0].shadow
    return (
        not shadow.hub
        and not shadow.overruled
        and all(view.hub.get(name, ABSENT) == shadow.spoke.get(name, ABSENT) for name in view.hub if name != "card_uid")
    )


def _shown_with_a_card(hub: dict[str, Any], links: Sequence[Any]) -> bool:
    """Whether a customer who has no card is still shown with a number that a person said is not his."""
    return hub.get("card_uid") is not None or any("card_uid" in link.shadow.overruled for link in links)


def _holder_conflict(card: str, spoke: str, rivals: list[str]) -> Conflict:
    return Conflict(
        kind="identity",
        entity="card",
        uid=card,
        field="customer",
        base=None,
        values={spoke: rivals},
        rule="manual",
        winner=None,
        status="open",
    )
