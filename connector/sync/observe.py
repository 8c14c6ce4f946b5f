"""Observe: store what a feed shows, page by page, and find out which record each new row is.

One transaction a page holds the rows and the cursor (invariant 1). An unchanged row costs one hash and a share of one
SELECT. A new row that nobody else has yet becomes a hub record at once; whatever needs a merge is marked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from connector.errors import RowError
from connector.locale import N_, Sentence
from connector.mapping import Mapping
from connector.model.records import ENTITIES, as_dict, merged_fields
from connector.model.routes import EntityRoutes, Route
from connector.model.states import JournalLine
from connector.store import Store
from connector.store.crosswalk import Known, NewLink
from connector.store.hub import TO_COMPLETE, TO_MERGE, TO_PLAN
from connector.sync.identity import UNSETTLED, identity_conflict, row_keys
from connector.sync.match import Matched, Unlinked, match
from connector.sync.sight import tag
from connector.systems.base import Page, Row

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(float_hook=Decimal).decode


@dataclass(slots=True)
class Sight:
    """What one feed has shown so far: which links it mentioned (a bit each), and the figures of its route."""

    route: Route
    mapping: Mapping
    feed: int
    alive: int
    last_id: int
    bits: bytearray
    tag: bytes
    carried: frozenset[str]
    id_scheme: str | None
    proposed: frozenset[str]
    read: int = 0
    changed: int = 0
    mentioned: int = 0
    unreadable: int = 0

    def mention(self, link_id: int) -> None:
        byte, bit = link_id >> 3, 1 << (link_id & 7)
        if byte < len(self.bits) and not self.bits[byte] & bit:
            self.bits[byte] |= bit
            self.mentioned += 1

    def missed(self, link_id: int) -> bool:
        return link_id <= self.last_id and not self.bits[link_id >> 3] & (1 << (link_id & 7))


@dataclass(slots=True)
class _New:
    """A row without a link, read."""

    row: Row
    hash: bytes
    values: dict[str, Any]
    keys: list[tuple[str, str]] = field(default_factory=list)
    waits: bool = False
    body: bytes = b""
    problems: list[RowError] = field(default_factory=list)


class Observer:
    """Stores pages. `fresh_uid` makes uids, `at` is the moment of the run, `today` its date in the workspace's zone."""

    def __init__(self, store: Store, run: int, at: str, fresh_uid: Callable[[], str]) -> None:
        self.store = store
        self.run = run
        self.at = at
        self.fresh_uid = fresh_uid

    def begin(self, routes: EntityRoutes, route: Route, mapping: Mapping, id_scheme: str | None) -> Sight:
        feed = self.store.crosswalk.feed(route.spoke, route.entity)
        alive, last_id = self.store.crosswalk.alive(feed)
        return Sight(
            route=route,
            mapping=mapping,
            feed=feed,
            alive=alive,
            last_id=last_id,
            bits=bytearray((last_id >> 3) + 1),
            tag=tag(mapping),
            carried=carried(routes, mapping),
            id_scheme=id_scheme,
            proposed=routes.proposed,
        )

    def page(self, sight: Sight, page: Page) -> None:
        """Store one page: rows, what they mean for the crosswalk, and the cursor, all or nothing."""
        route = sight.route
        with self.store.transaction():
            new, changed = self._sort(sight, page.rows)
            if changed:
                self._changed(sight, changed)
            if new:
                self._new(sight, new)
            self._unreadable(sight, page.unreadable)
            if page.cursor is not None:
                self.store.runs.set_cursor(route.account, route.entity, page.cursor, self.run)
        sight.read += len(page.rows) + len(page.unreadable)

    def _sort(
        self, sight: Sight, rows: Sequence[Row]
    ) -> tuple[list[tuple[Row, bytes]], list[tuple[Row, bytes, Known]]]:
        known = self.store.crosswalk.known(sight.feed, [row.external_id for row in rows])
        new: list[tuple[Row, bytes]] = []
        changed: list[tuple[Row, bytes, Known]] = []
        key, lookup, mention = sight.tag, known.get, sight.mention
        for row in rows:
            digest = blake2b(row.body, digest_size=16, key=key).digest()
            held = lookup(row.external_id)
            if held is None:
                new.append((row, digest))
                continue
            mention(held.id)
            if held.hash != digest or held.gone != row.gone:
                changed.append((row, digest, held))
        return new, changed

    def _changed(self, sight: Sight, changed: Sequence[tuple[Row, bytes, Known]]) -> None:
        self.store.crosswalk.saw(
            [(row.body, digest, row.version, int(row.gone), row.changed_at, held.id) for row, digest, held in changed]
        )
        self.store.hub.mark(sight.route.entity, [held.uid for _, _, held in changed])
        self._hold_cards(sight, ((row, sight.mapping.read(decode(row.body), [])) for row, _, _ in changed))
        sight.changed += len(changed)

    def _hold_cards(self, sight: Sight, rows: Iterable[tuple[Row, Any]]) -> None:
        if sight.route.entity == "card":
            held = [(record.customer, record.uid) for _, record in rows if record.customer and record.uid]
            self.store.crosswalk.hold(self.store.crosswalk.feed(sight.route.spoke, "customer"), held)

    # new rows

    def _new(self, sight: Sight, found: Sequence[tuple[Row, bytes]]) -> None:
        rows = [self._read(sight, row, digest) for row, digest in found]
        self._journal(sight, rows)
        self._know(sight, rows)
        self._resolve(sight, rows)
        matched = self._match(sight, [new for new in rows if not new.row.gone])
        uids = {decision.external_id: decision for decision in matched.decisions}
        self._store(sight, rows, uids)
        self._doubts(sight, matched)
        sight.changed += len(rows)

    def _read(self, sight: Sight, row: Row, digest: bytes) -> _New:
        problems: list[RowError] = []
        record = sight.mapping.read(decode(row.body), problems)
        values = as_dict(record)
        entity = sight.route.entity
        if entity == "card":
            self._hold_cards(sight, [(row, record)])
        return _New(row, digest, values, problems=problems)

    def _know(self, sight: Sight, rows: Sequence[_New]) -> None:
        """By what each row may be known. A customer is also known by the cards that its own system says it holds."""
        entity = sight.route.entity
        cards: dict[str, list[str]] = {}
        if entity == "customer":
            cards = self.store.crosswalk.held(sight.feed, [new.row.external_id for new in rows])
        for new in rows:
            own = cards.get(new.row.external_id, ())
            new.keys = row_keys(
                entity, new.values, new.row.external_id, sight.id_scheme, reference=new.row.reference, cards=own
            )

    def _resolve(self, sight: Sight, rows: Sequence[_New]) -> None:
        """References become uids; one that leads nowhere yet is left out, and its record is merged later."""
        for name, entity in sight.mapping.references.items():
            wanted = {new.values[name] for new in rows if isinstance(new.values.get(name), str)}
            known = self.store.crosswalk.resolve(sight.route.spoke, entity, wanted) if wanted else {}
            proposed = entity in sight.proposed
            if proposed and known:
                joined = self.store.crosswalk.joined(set(known.values()))
                known = {external_id: uid for external_id, uid in known.items() if uid in joined}
            for new in rows:
                external_id = new.values.get(name)
                if external_id is None:
                    continue
                if external_id in known:
                    new.values[name] = known[external_id]
                else:
                    del new.values[name]
                    new.waits = new.waits or not proposed  # a join by a person marks the records that refer to it

    def _match(self, sight: Sight, rows: Sequence[_New]) -> Matched:
        entity, feed = sight.route.entity, sight.feed
        values = {value for new in rows for _, value in new.keys}
        holders = self.store.hub.holders(entity, values) if values else {}
        own = [new.row.reference for new in rows if new.row.reference is not None]
        for uid in self.store.hub.bodies(own) if own else ():
            holders[("reference", uid)] = [self.store.hub.survivor(uid)]
        candidates = {uid for uids in holders.values() for uid in uids}
        taken = self.store.crosswalk.primaries(feed, candidates) if candidates else {}
        unlinked = [Unlinked(new.row.external_id, new.keys) for new in rows]
        return match(unlinked, holders, taken, self.fresh_uid)

    def _store(self, sight: Sight, rows: Sequence[_New], decisions: dict[str, Any]) -> None:
        entity, carries = sight.route.entity, sight.carried
        links: list[NewLink] = []
        bodies: list[tuple[str, bytes]] = []
        keys: list[tuple[str, str, str, str]] = []
        marks: dict[int, list[str]] = {TO_MERGE: [], TO_COMPLETE: []}
        for new in rows:
            decision = decisions.get(new.row.external_id)
            uid = self.fresh_uid() if decision is None else decision.uid
            fresh = decision is None or decision.new
            shadow = None
            if fresh:
                held = self._held(new, carries, entity)
                body = encode(held)
                shadow = b'{"s":' + body + b"}"
                bodies.append((uid, body))
                if decision is not None:
                    keys.extend((entity, scheme, value, uid) for scheme, value in new.keys if scheme != "reference")
                    keys.extend(reference_rows(entity, held, uid))
                if new.waits or any(name in new.values for name in ENTITIES[entity].derived):
                    marks[TO_MERGE].append(uid)
                elif decision is not None:
                    marks[TO_COMPLETE].append(uid)
            else:
                marks[TO_MERGE].append(uid)
                keys.extend((entity, scheme, value, uid) for scheme, value in new.keys if scheme != "reference")
            links.append(self._link(new, uid, shadow, "created" if decision is None else decision.how))
        self.store.hub.add(entity, bodies)
        self.store.crosswalk.add(sight.feed, links)
        self.store.hub.identify(keys)
        for stage, uids in marks.items():
            self.store.hub.mark(entity, uids, stage)

    def _held(self, new: _New, carries: frozenset[str], entity: str) -> dict[str, Any]:
        held = {name: value for name, value in new.values.items() if name in carries}
        if new.row.gone:
            held["active"] = False
        elif "active" not in held and "active" in ENTITIES[entity].__struct_encode_fields__:
            held["active"] = True
        return held

    def _link(self, new: _New, uid: str, shadow: bytes | None, how: str) -> NewLink:
        row = new.row
        return NewLink(
            row.external_id, uid, 1, row.body, new.hash, shadow, row.version, int(row.gone), row.changed_at,
            self.run, how, "run", self.at,
        )  # fmt: skip

    def _doubts(self, sight: Sight, matched: Matched) -> None:
        """What a page cannot tell is settled at the end of the feeds; two rows with one reference of ours are asked."""
        entity, spoke = sight.route.entity, sight.route.spoke
        conflicts = [
            identity_conflict(entity, doubt.uid, doubt.scheme, {spoke: doubt.rivals})
            if doubt.scheme == "reference"
            else identity_conflict(entity, doubt.uid, UNSETTLED, {spoke: doubt.rivals}, rule=UNSETTLED)
            for doubt in matched.doubts
        ]
        self.store.conflicts.write(conflicts, self.run, self.at)

    # what cannot be read

    def _journal(self, sight: Sight, rows: Sequence[_New]) -> None:
        lines = [
            problem_line(sight.route, new.row.external_id, None, problem) for new in rows for problem in new.problems
        ]
        if lines:
            self.store.journal.write(lines, self.run, self.at)
            sight.unreadable += len({line.external_id for line in lines})

    def _unreadable(self, sight: Sight, rows: Sequence[tuple[str, str]]) -> None:
        lines = [
            JournalLine(
                account=sight.route.account,
                entity=sight.route.entity,
                external_id=external_id,
                reason=Sentence(N_("the row cannot be identified: {what}"), what=what),
                do=Sentence(N_("correct the record in {account}"), account=sight.route.account),
            )
            for external_id, what in rows
        ]
        if lines:
            self.store.journal.write(lines, self.run, self.at)
            sight.unreadable += len(lines)

    # the end of a feed

    def missing(self, sight: Sight) -> list[tuple[int, str]]:
        """(link id, uid) of the living links that a complete feed did not mention."""
        if sight.mentioned >= sight.alive:
            return []
        return [(link_id, uid) for link_id, uid in self.store.crosswalk.alive_ids(sight.feed) if sight.missed(link_id)]

    def gone(self, sight: Sight, missing: Sequence[tuple[int, str]]) -> None:
        with self.store.transaction():
            self.store.crosswalk.set_gone([link_id for link_id, _ in missing])
            self.store.hub.mark(sight.route.entity, [uid for _, uid in missing])
        sight.changed += len(missing)

    def finish(self, routes: EntityRoutes) -> None:
        """After all feeds of an entity: what every writing route has already needs no plan."""
        writing = [route for route in routes.routes if route.writes and route.create]
        stamped = any(route.stamp is not None for route in routes.routes)
        feeds = [] if stamped else [self.store.crosswalk.feed(route.spoke, route.entity) for route in writing]
        if not writing:
            self.store.db.run("DELETE FROM dirty WHERE entity = ? AND stage = ?", (routes.entity, TO_COMPLETE))
        self.store.hub.complete(routes.entity, feeds)


def carried(routes: EntityRoutes, mapping: Mapping) -> frozenset[str]:
    """The fields of a mapping that take part in the merge."""
    fields = merged_fields(routes.entity)
    return frozenset(name for name in mapping.reads if name in fields and routes.authority[name].name != "none")


def reference_rows(entity: str, values: Any, uid: str) -> list[tuple[str, str, str, str]]:
    """A record can be found by what it refers to: (entity, field, the other's uid, uid)."""
    return [
        (entity, name, values[name], uid) for name in ENTITIES[entity].references if isinstance(values.get(name), str)
    ]


def problem_line(route: Route, external_id: str, uid: str | None, problem: RowError) -> JournalLine:
    return JournalLine(
        account=route.account,
        entity=route.entity,
        external_id=external_id,
        uid=uid,
        field=problem.field,
        value=None if problem.value is None else str(problem.value)[:200],
        reason=problem.reason,
        do=Sentence(N_("correct the value in {account}, record {id}"), account=route.account, id=external_id),
    )


__all__ = ["TO_PLAN", "Observer", "Sight", "carried", "decode", "encode", "problem_line", "reference_rows"]
