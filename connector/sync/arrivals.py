"""What becomes of rows without a link: a record of their own, or a link to the record that others have already.

Most of a first run is spent here, so a row costs no statement of its own. Where a new row says of a new record what the
one other spoke says of it, word for word, there is nothing to decide: both agree, and no merge is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connector.errors import RowError
from connector.model.records import fields_of
from connector.store import Store
from connector.store.hub import TO_MERGE, TO_PLAN
from connector.sync.identity import UNSETTLED, identity_conflict, referring, row_keys
from connector.sync.match import Decision, Matched, Unlinked, match
from connector.sync.rows import decode, encode, problem_line, reference_rows
from connector.sync.sight import Sight
from connector.systems.base import Row

Holders = Mapping[tuple[str, str], Sequence[str]]
"""(scheme, value) -> the records that carry it."""

_NONE: Final[frozenset[str]] = frozenset()


class Arrival:
    """A row without a link, read. `keys` is what it may be known by; one that `waits` refers to what is not there."""

    __slots__ = ("hash", "keys", "problems", "row", "values", "waits")

    def __init__(self, row: Row, digest: bytes, values: dict[str, Any], problems: list[RowError]) -> None:
        self.row, self.hash, self.values, self.problems = row, digest, values, problems
        self.keys: list[tuple[str, str]] = []
        self.waits = False


def arrival(sight: Sight, row: Row, digest: bytes) -> Arrival:
    problems: list[RowError] = []
    return Arrival(row, digest, sight.mapping.values(row.body, problems), problems)


@dataclass(slots=True)
class _Written:
    """What one page of arrivals writes."""

    links: list[tuple[Any, ...]] = field(default_factory=list)
    records: list[tuple[str, bytes]] = field(default_factory=list)
    grown: list[tuple[bytes, str]] = field(default_factory=list)
    keys: list[tuple[str, str, str, str]] = field(default_factory=list)
    to_merge: list[str] = field(default_factory=list)
    to_plan: list[str] = field(default_factory=list)
    holders: list[str] = field(default_factory=list)
    """Who holds the cards among them: his main card is computed anew."""


class Arrivals:
    """Stores arrivals in the transaction of their page."""

    def __init__(self, store: Store, run: int, at: str, fresh_uid: Callable[[], str]) -> None:
        self.store = store
        self.run = run
        self.at = at
        self.fresh_uid = fresh_uid

    def add(self, sight: Sight, rows: Sequence[Arrival]) -> None:
        self._journal(sight, rows)
        self._know(sight, rows)
        self._resolve(sight, rows)
        living = [new for new in rows if not new.row.gone]
        holders = self._holders(sight, living)
        matched = self._match(sight, living, holders)
        self._store(sight, rows, {decision.external_id: decision for decision in matched.decisions}, holders)
        self._doubts(sight, matched)

    def _journal(self, sight: Sight, rows: Sequence[Arrival]) -> None:
        lines = [
            problem_line(sight.route, new.row.external_id, None, problem) for new in rows for problem in new.problems
        ]
        if lines:
            self.store.journal.write(lines, self.run, self.at)
            sight.unreadable += len({line.external_id for line in lines})

    # who they are

    def _know(self, sight: Sight, rows: Sequence[Arrival]) -> None:
        """By what each row may be known. A customer is also known by the cards that its own system says it holds."""
        entity, id_scheme = sight.route.entity, sight.id_scheme
        cards: dict[str, list[str]] = {}
        if entity == "customer":
            cards = self.store.crosswalk.held(sight.feed, [new.row.external_id for new in rows])
        for new in rows:
            row = new.row
            own = cards.get(row.external_id, ()) if cards else ()
            new.keys = row_keys(entity, new.values, row.external_id, id_scheme, reference=row.reference, cards=own)

    def _resolve(self, sight: Sight, rows: Sequence[Arrival]) -> None:
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

    def _holders(self, sight: Sight, rows: Sequence[Arrival]) -> Holders:
        """Who is known by any of the keys of these rows."""
        values = {value for new in rows for _, value in new.keys}
        holders = self.store.hub.holders(sight.route.entity, values) if values else {}
        own = [new.row.reference for new in rows if new.row.reference is not None]
        for uid in self.store.hub.bodies(own) if own else ():
            holders[("reference", uid)] = [self.store.hub.survivor(uid)]
        return holders

    def _match(self, sight: Sight, rows: Sequence[Arrival], holders: Holders) -> Matched:
        feed = sight.feed
        if not holders:
            return Matched()  # nobody is known by any of this
        candidates = {uid for uids in holders.values() for uid in uids}
        taken = self.store.crosswalk.primaries(feed, candidates)
        unlinked = [Unlinked(new.row.external_id, new.keys) for new in rows]
        return match(unlinked, holders, taken, self.fresh_uid)

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

    # what they become

    def _store(
        self, sight: Sight, rows: Sequence[Arrival], decisions: Mapping[str, Decision], holders: Holders
    ) -> None:
        entity, written = sight.route.entity, _Written()
        met: list[tuple[Arrival, Decision]] = []
        for new in rows:
            decision = decisions.get(new.row.external_id) if decisions else None
            uid = self.fresh_uid() if decision is None else decision.uid
            if not new.row.gone:  # by what was deleted before we ever saw it nobody is known
                for key in new.keys:
                    if key[0] != "reference" and (decision is None or uid not in holders.get(key, ())):
                        written.keys.append((entity, *key, uid))
            if decision is None or decision.new:
                self._record(sight, new, uid, written)
            else:
                met.append((new, decision))
        if met:
            self._meet(sight, met, written)
        self.store.hub.add(entity, written.records)
        self.store.hub.put(written.grown)
        self.store.crosswalk.add_new(sight.feed, self.run, self.at, written.links)
        self.store.hub.identify(written.keys)
        self.store.hub.mark(entity, written.to_merge, TO_MERGE)
        self.store.hub.mark(entity, written.to_plan, TO_PLAN)
        self.store.hub.mark("customer", written.holders, TO_PLAN)
        self._wake(entity, [decision.uid for _, decision in met])

    def _wake(self, entity: str, uids: Sequence[str]) -> None:
        """A record that is now known in one more system can be referred to there."""
        for other, name in referring(entity) if uids else ():
            children = self.store.hub.holders(other, uids)
            self.store.hub.mark(other, [child for uid in uids for child in children.get((name, uid), ())], TO_PLAN)

    def _record(self, sight: Sight, new: Arrival, uid: str, written: _Written) -> None:
        """A record that is nothing but this row, and agrees with it."""
        entity = sight.route.entity
        derives = _derives(sight, new)
        held = _held(sight, new)
        body = encode(held)
        written.records.append((uid, body))
        if not new.row.gone and not sight.refers.isdisjoint(held):
            written.keys.extend(reference_rows(entity, held, uid))
        if entity == "card" and isinstance(holder := held.get("customer"), str):
            written.holders.append(holder)
        if new.waits:
            written.to_merge.append(uid)
        elif derives:
            written.to_plan.append(uid)
        self._link(new, uid, b'{"s":' + body + b"}", "created", written)

    @staticmethod
    def _link(new: Arrival, uid: str, shadow: bytes | None, how: str, written: _Written) -> None:
        row = new.row
        written.links.append(
            (row.external_id, uid, row.body, new.hash, shadow, row.version, int(row.gone), row.changed_at, how)
        )

    def _meet(self, sight: Sight, met: Sequence[tuple[Arrival, Decision]], written: _Written) -> None:
        """Rows of records that are there already: those that agree with a new record in every word need no merge."""
        found = self.store.crosswalk.first_sights(self.run, [decision.uid for _, decision in met])
        for new, decision in met:
            uid, shadow = decision.uid, None
            first = None if new.waits or new.row.gone else found.get(uid)
            if first is not None:
                shadow = self._agreed(sight, new, uid, first, written)
            if shadow is None:
                written.to_merge.append(uid)
            self._link(new, uid, shadow, decision.how, written)

    def _agreed(
        self, sight: Sight, new: Arrival, uid: str, first: tuple[int, bytes], written: _Written
    ) -> bytes | None:
        """The shadow of a row that says nothing else than the record's first spoke; None where a merge must tell."""
        feed, body = first
        derives = _derives(sight, new)
        hub, held = decode(body), _held(sight, new)
        if not says_the_same(hub, held, sight.groups):
            return None
        ours, theirs = sight.writable.get(sight.feed, _NONE), sight.writable.get(feed, _NONE)
        grown = held.keys() - hub.keys()
        if grown:
            whole = {**hub, **held}
            ordered = {name: whole[name] for name in fields_of(sight.route.entity) if name in whole}
            written.grown.append((encode(ordered), uid))
        if derives or sight.stamped or not grown.isdisjoint(theirs) or not (hub.keys() - held.keys()).isdisjoint(ours):
            written.to_plan.append(uid)
        return b'{"s":' + encode(held) + b"}"


def says_the_same(hub: Mapping[str, Any], held: Mapping[str, Any], groups: Sequence[frozenset[str]]) -> bool:
    """Whether a first sight leaves nothing to decide beside what the hub has: what both say is the same value.

    Of fields that move together both must say the same ones, or not a single one of them.
    """
    for name in hub.keys() & held.keys():
        if hub[name] != held[name]:
            return False
    for group in groups:
        if not group.isdisjoint(held) and not group.isdisjoint(hub) and (group & held.keys() != group & hub.keys()):
            return False
    return True


def _derives(sight: Sight, new: Arrival) -> bool:
    """Whether the row tells of something that the hub computes: another entity must hear of it."""
    for name in sight.derives:  # noqa: SIM110 - a generator would cost more than all it does, row by row
        if new.values.get(name) is not None:
            return True
    return False


def _held(sight: Sight, new: Arrival) -> dict[str, Any]:
    """The part of a row that its record takes, in order. The values of the arrival are used up."""
    held = new.values
    for name in sight.dropped:
        held.pop(name, None)
    if not sight.has_active or (not new.row.gone and "active" in held):
        return held
    held["active"] = not new.row.gone
    return {name: held[name] for name in fields_of(sight.route.entity) if name in held}
