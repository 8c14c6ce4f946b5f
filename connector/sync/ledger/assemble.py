"""Positions that share a customer and an order's number make one order, once the feed they came by has ended.

A half-read list would make half an order, so the positions of a feed that broke off wait for the next one. The order is
an observation like any other: what was put together is kept as what was seen, and only a change of it is news.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from connector.errors import RowError
from connector.locale import N_
from connector.model.records import ENTITIES, as_dict, fields_of
from connector.model.routes import EntityRoutes, Route
from connector.model.states import JournalLine, Link, shadow_bytes
from connector.store import Store
from connector.store.crosswalk import NewLink
from connector.store.hub import TO_MERGE
from connector.sync.ledger.uid import fact_uid
from connector.sync.rows import decode, encode, problem_line
from connector.sync.view import Mappings

CHUNK: Final = 500
GROUP: Final = "group"
"""The scheme under which a position is known by the order it belongs to."""

Values = Mapping[str, Any]


def key_of(position: Values) -> str | None:
    """What tells the order of a position within its system: the customer and the number; None without a number."""
    number = position.get("number")
    return None if number is None else f"{position.get('customer') or ''}/{number}"


def combine(positions: Sequence[Values]) -> dict[str, Any]:
    """The order that these positions make, in the order given. Denied ones are no lines, unless all are denied.

    A flag that no position speaks of stays unsaid; an amount is the sum where every position says one.
    """
    living = [one for one in positions if one.get("cancelled") is not True] or list(positions)
    order: dict[str, Any] = {name: positions[0][name] for name in ("number", "customer") if name in positions[0]}
    dates = [one["date"] for one in positions if one.get("date") is not None]
    if dates:
        order["date"] = min(dates, key=_moment)
    order["lines"] = [line for one in living for line in one.get("lines") or ()]
    for name in ("total", "discount", "shipping_cost"):
        amounts = [one.get(name) for one in living]
        if all(isinstance(amount, int) for amount in amounts):
            order[name] = sum(amount for amount in amounts if amount is not None)
    for name, between in (("spot", ", "), ("delivery", "; "), ("payment", "; "), ("comment", "\n")):
        if any(name in one for one in positions):
            order[name] = between.join(dict.fromkeys(one[name] for one in living if one.get(name))) or None
    for name, among in (("cancelled", positions), ("paid", living), ("shipped", living)):
        flags = [one[name] for one in among if one.get(name) is not None]
        if flags:
            order[name] = all(flags)
    return {name: order[name] for name in fields_of("order") if name in order}


def _moment(text: str) -> tuple[float, str]:
    return datetime.fromisoformat(text).timestamp(), text


class Assembler:
    """Puts marked positions together."""

    def __init__(self, store: Store, mappings: Mappings, run: int, at: str) -> None:
        self.store = store
        self.mappings = mappings
        self.run = run
        self.at = at

    def assemble(self, routes: EntityRoutes, complete: Iterable[str]) -> None:
        """The orders of every marked position whose spoke's feed has been read to its end."""
        part = ENTITIES[routes.entity].part
        ended = set(complete)
        after = ""
        while part is not None and (uids := self.store.hub.marked(part, TO_MERGE, after, CHUNK)):
            after = uids[-1]
            with self.store.transaction():
                links = [link for own in self.store.crosswalk.of(uids).values() for link in own if link.spoke in ended]
                groups = self._positions(part, routes, links)
                for spoke, key in sorted(groups):
                    self._order(routes, part, spoke, key)
                done = [link.uid for link in links]
                self.store.hub.merged(done)
                self.store.hub.settled(done)

    def _positions(self, part: str, routes: EntityRoutes, links: Sequence[Link]) -> set[tuple[str, str]]:
        """Read them, keep what they say; the orders that they belong to, and those that they belonged to."""
        known = self.store.hub.identifiers(link.uid for link in links)
        touched: set[tuple[str, str]] = set()
        for link in links:
            route = routes.route(link.spoke)
            if route is None or link.seen is None:
                continue
            values, problems = self.read(link, part)
            self.store.hub.put([(encode(values), link.uid)])
            key = key_of(values)
            self._journal(replace(route, entity=part), link, problems, values)
            old = {value for scheme, value in known[link.uid] if scheme == GROUP}
            new = set() if key is None or link.gone else {f"{link.spoke}/{key}"}
            self.store.hub.identify([(part, GROUP, value, link.uid) for value in new - old])
            self.store.hub.forget([(part, GROUP, value, link.uid) for value in old - new])
            touched |= {(link.spoke, value.removeprefix(f"{link.spoke}/")) for value in old | new}
        return touched

    def read(self, link: Link, part: str) -> tuple[dict[str, Any], list[RowError]]:
        """What a position says, with the mapping as it is now."""
        problems: list[RowError] = []
        record = self.mappings[link.spoke, part].read(decode(link.seen or b"{}"), problems)
        return as_dict(record), problems

    def _journal(self, route: Route, link: Link, problems: Sequence[RowError], values: Mapping[str, Any]) -> None:
        self.store.journal.clear_row(route.account, route.entity, [link.external_id])
        if key_of(values) is None and not link.gone:
            problems = [*problems, RowError("number", None, N_("it names no order that it belongs to"))]
        total = values.get("total")
        lines: list[JournalLine] = [problem_line(route, link.external_id, link.uid, one, total) for one in problems]
        self.store.journal.write(lines, self.run, self.at)

    def _order(self, routes: EntityRoutes, part: str, spoke: str, key: str) -> None:
        members = members_of(self.store, part, spoke, key)
        bodies = self.store.hub.bodies(link.uid for link in members)
        body = encode(combine([decode(bodies[link.uid]) for link in members])) if members else None
        link = self.store.crosswalk.at(spoke, routes.entity, key)
        if link is None:
            if body is not None:
                self._new(routes.entity, spoke, key, body)
        elif body is None or link.seen != body or link.gone:
            seen = link.seen if body is None else body
            self.store.crosswalk.saw([(seen, digest(seen), None, int(body is None), None, link.id)])
            self.store.hub.mark(routes.entity, [link.uid])

    def _new(self, entity: str, spoke: str, key: str, body: bytes) -> None:
        uid = fact_uid(spoke, entity, key)
        link = NewLink(
            key, uid, 1, body, digest(body), None, None, 0, None, self.run, "created", "run", self.at
        )  # fmt: skip
        self.store.hub.add(entity, [(uid, b"{}")])
        self.store.crosswalk.add(self.store.crosswalk.feed(spoke, entity), [link])
        self.store.hub.mark(entity, [uid])

    def again(self, routes: EntityRoutes, route: Route) -> None:
        """After a change of the mapping: positions are read anew, and orders put together anew agree with that.

        A changed mapping is no change of a document. What is marked has changed there too, and is left to the run.
        """
        part = route.observed
        for links in self.store.crosswalk.each(route.spoke, part):
            with self.store.transaction():
                pending = set(self.store.hub.marked_among([link.uid for link in links], TO_MERGE))
                read = [link for link in links if link.uid not in pending and link.seen is not None]
                self.store.hub.put([(encode(self.read(link, part)[0]), link.uid) for link in read])
        for links in self.store.crosswalk.each(route.spoke, routes.entity):
            with self.store.transaction():
                for link in links:
                    self._again(part, link)

    def _again(self, part: str, link: Link) -> None:
        members = members_of(self.store, part, link.spoke, link.external_id)
        bodies = self.store.hub.bodies(one.uid for one in members)
        if not members or link.gone:
            return
        values = combine([decode(bodies[one.uid]) for one in members])
        for name in [name for name in link.shadow.spoke if name in values and name not in link.shadow.overruled]:
            link.shadow.agree(name, link.shadow.of_hub(name), values[name])
        body = encode(values)
        self.store.crosswalk.saw([(body, digest(body), None, 0, None, link.id)])
        self.store.crosswalk.shadows([(shadow_bytes(link.shadow), link.id)])


def members_of(store: Store, part: str, spoke: str, key: str) -> list[Link]:
    """The positions of an order, by their ids: in the order in which they were made there."""
    value = f"{spoke}/{key}"
    uids = store.hub.holders(part, [value]).get((GROUP, value), [])
    links = [link for own in store.crosswalk.of(uids).values() for link in own if link.spoke == spoke]
    return sorted(links, key=lambda link: (len(link.external_id), link.external_id))


def digest(body: bytes | None) -> bytes | None:
    return None if body is None else blake2b(body, digest_size=16).digest()
