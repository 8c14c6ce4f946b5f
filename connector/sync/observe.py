"""Observe: store what a feed shows, page by page, and find out which record each new row is.

One transaction a page holds the rows and the cursor (invariant 1). An unchanged row costs one hash and a share of one
SELECT. A new row that nobody else has yet becomes a hub record at once; whatever needs a merge is marked for it.
What needs no store is done where the page is fetched (`prepared`), so that the next one is read while this is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

from connector.locale import N_, Sentence
from connector.mapping import Mapping as Compiled
from connector.model.routes import EntityRoutes, Route
from connector.model.states import JournalLine
from connector.store import Store
from connector.store.crosswalk import Known
from connector.sync.arrivals import Arrival, Arrivals, arrival
from connector.sync.rows import decode, encode, problem_line, reference_rows, unidentified
from connector.sync.sight import Sight, carried, sight_of, writable_fields
from connector.systems.base import Page, Row


class Prepared(NamedTuple):
    """A page with the hash of each row, and its rows read where they are most likely new."""

    page: Page
    digests: list[bytes]
    arrivals: list[Arrival] | None


Changed = tuple[Row, bytes, Known]

_NOTHING: Final = b"{}"
"""The body of a row that says of a record only that it is no more: of what nobody knew it says nothing."""


def prepared(sight: Sight, page: Page) -> Prepared:
    """What can be done with a page before the store is asked. Safe in a thread of its own."""
    last = {row[0]: row for row in page.rows}
    if len(last) != len(page.rows):  # pages were joined, and a record told twice: the later word counts
        page = page._replace(rows=list(last.values()))
    key = sight.tag
    digests = [blake2b(row.body, digest_size=16, key=key).digest() for row in page.rows]
    if not sight.expects_new:
        return Prepared(page, digests, None)
    return Prepared(page, digests, [arrival(sight, row, one) for row, one in zip(page.rows, digests, strict=True)])


class Observer:
    """Stores pages. `fresh_uid` makes uids, `at` is the moment of the run, `today` its date in the workspace's zone."""

    def __init__(self, store: Store, run: int, at: str, fresh_uid: Callable[[], str]) -> None:
        self.store = store
        self.run = run
        self.at = at
        self.arrivals = Arrivals(store, run, at, fresh_uid)

    def begin(
        self, routes: EntityRoutes, route: Route, mappings: Mapping[tuple[str, str], Compiled], id_scheme: str | None
    ) -> Sight:
        entity, feed_of = route.entity, self.store.crosswalk.feed
        feed = feed_of(route.spoke, entity)
        writable = {
            feed_of(each.spoke, entity): writable_fields(routes, mappings[each.spoke, entity])
            for each in routes.routes
            if each.writes
        }
        return sight_of(
            routes,
            route,
            mappings[route.spoke, entity],
            feed=feed,
            last_id=self.store.crosswalk.last_id(),
            id_scheme=id_scheme,
            writable=writable,
            expects_new=not self.store.crosswalk.has_any(feed),
        )

    def page(self, sight: Sight, read: Prepared) -> None:
        """Store one page: rows, what they mean for the crosswalk, and the cursor, all or nothing."""
        route, page = sight.route, read.page
        with self.store.transaction():
            new, changed = self._sort(sight, read)
            new = [each for each in new if not (each.row.gone and each.row.body == _NOTHING)]
            if changed:
                self._changed(sight, changed)
            if new:
                self._hold_cards(sight, ((each.values.get("customer"), each.values.get("uid")) for each in new))
                self.arrivals.add(sight, new)
                sight.changed += len(new)
            self._unreadable(sight, page.unreadable)
            if page.cursor is not None:
                self.store.runs.set_cursor(route.account, route.entity, page.cursor, self.run)
        sight.expects_new = 2 * len(new) > len(page.rows)
        sight.read += len(page.rows) + len(page.unreadable)

    def _sort(self, sight: Sight, read: Prepared) -> tuple[list[Arrival], list[Changed]]:
        rows, digests, arrivals = read.page.rows, read.digests, read.arrivals
        known = self.store.crosswalk.known(sight.feed, [row[0] for row in rows])
        if not known:
            return arrivals or [arrival(sight, row, one) for row, one in zip(rows, digests, strict=True)], []
        new: list[Arrival] = []
        changed: list[Changed] = []
        mention = sight.mention
        for index, row in enumerate(rows):
            held, digest = known.get(row[0]), digests[index]
            if held is None:
                new.append(arrival(sight, row, digest) if arrivals is None else arrivals[index])
                continue
            mention(held[0], row.gone)
            if held[1] != digest or held[2] != row.gone:
                changed.append((row, digest, held))
        return new, changed

    def _changed(self, sight: Sight, changed: Sequence[Changed]) -> None:
        self.store.crosswalk.saw(
            [(row.body, digest, row.version, int(row.gone), row.changed_at, held.id) for row, digest, held in changed]
        )
        if lost := [held.uid for row, _, held in changed if row.gone]:
            self.store.crosswalk.promote_aliases(sight.feed, lost)
        self.store.hub.mark(sight.route.entity, [held.uid for _, _, held in changed])
        if sight.route.entity == "card":
            read = (sight.mapping.values(row.body, []) for row, _, _ in changed)
            self._hold_cards(sight, ((values.get("customer"), values.get("uid")) for values in read))
        sight.changed += len(changed)

    def _hold_cards(self, sight: Sight, cards: Iterable[tuple[object, object]]) -> None:
        if sight.route.entity == "card":
            held = [(customer, number) for customer, number in cards if customer and number]
            feed = self.store.crosswalk.feed(sight.route.spoke, "customer")
            self.store.crosswalk.hold(feed, [(str(customer), str(number)) for customer, number in held])

    def _unreadable(self, sight: Sight, rows: Sequence[tuple[str, str | Sentence]]) -> None:
        lines = [
            JournalLine(
                account=sight.route.account,
                entity=sight.route.entity,
                external_id=external_id,
                reason=unidentified(what),
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
        sight.alive = self.store.crosswalk.alive(sight.feed, sight.last_id)
        if sight.mentioned >= sight.alive:
            return []
        return [(link_id, uid) for link_id, uid in self.store.crosswalk.alive_ids(sight.feed) if sight.missed(link_id)]

    def gone(self, sight: Sight, missing: Sequence[tuple[int, str]]) -> None:
        with self.store.transaction():
            self.store.crosswalk.set_gone([link_id for link_id, _ in missing])
            self.store.crosswalk.promote_aliases(sight.feed, [uid for _, uid in missing])
            self.store.hub.mark(sight.route.entity, [uid for _, uid in missing])
        sight.changed += len(missing)

    def finish(self, routes: EntityRoutes) -> None:
        """After all feeds of an entity: what is new and lacks a link where it may be created is planned."""
        creating = [route for route in routes.routes if route.writes and route.create]
        feeds = [self.store.crosswalk.feed(route.spoke, route.entity) for route in creating]
        self.store.hub.complete(routes.entity, feeds)


__all__ = [
    "Observer",
    "Prepared",
    "Sight",
    "carried",
    "decode",
    "encode",
    "prepared",
    "problem_line",
    "reference_rows",
]
