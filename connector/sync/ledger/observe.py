"""Observe: rows of the sources, and what the targets show of our own documents. One transaction a page with its cursor.

Nothing is understood here: rows are stored and their records marked. Absence says nothing: a fact that a list no longer
shows has happened all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from connector.locale import N_, Sentence
from connector.mapping import Mapping
from connector.model.routes import Route
from connector.model.states import JournalLine
from connector.store import Store
from connector.store.crosswalk import Known, NewLink
from connector.sync.ledger.offers import Offers
from connector.sync.ledger.uid import fact_uid
from connector.sync.rows import unidentified
from connector.sync.sight import tag
from connector.systems.base import Page, Row

Digested = tuple[Row, bytes]


@dataclass(slots=True)
class LedgerSight:
    """What one feed has shown so far. `complete` once it has come to its end."""

    route: Route
    feed: int
    tag: bytes
    read: int = 0
    changed: int = 0
    unreadable: int = 0
    complete: bool = False


class LedgerObserver:
    """Stores pages of ledger feeds."""

    def __init__(self, store: Store, offers: Offers, run: int, at: str) -> None:
        self.store = store
        self.offers = offers
        self.run = run
        self.at = at

    def begin(self, route: Route, mapping: Mapping) -> LedgerSight:
        return LedgerSight(route, self.store.crosswalk.feed(route.spoke, route.observed), tag(mapping))

    def page(self, sight: LedgerSight, page: Page) -> None:
        """Store one page: its rows, which records they concern, and the cursor, all or nothing.

        What a target shows under our uid for the first time has been taken by it. What a page says of one row last
        counts: it may be joined of several files.
        """
        page = page._replace(rows=list({row.external_id: row for row in page.rows}.values()))
        if sight.route.fed is None:
            self.offers.echo(sight.route.account, page.rows)
        with self.store.transaction():
            new, changed = self._sort(sight, page.rows)
            self._changed(sight, changed)
            if sight.route.fed is not None:
                self._new(sight, new)
            self._unreadable(sight, page.unreadable)
            if page.cursor is not None:
                self.store.runs.set_cursor(sight.route.account, sight.route.observed, page.cursor, self.run)
        sight.read += len(page.rows) + len(page.unreadable)

    def _sort(self, sight: LedgerSight, rows: Sequence[Row]) -> tuple[list[Digested], list[tuple[Row, bytes, Known]]]:
        """Rows without a link, and those that differ from what was last seen."""
        known = self.store.crosswalk.known(sight.feed, [row.external_id for row in rows])
        new: dict[str, Digested] = {}
        changed: list[tuple[Row, bytes, Known]] = []
        for row in rows:
            digest = blake2b(row.body, digest_size=16, key=sight.tag).digest()
            held = known.get(row.external_id)
            if held is None:
                new[row.external_id] = (row, digest)
            elif held.hash != digest or bool(held.gone) != row.gone:
                changed.append((row, digest, held))
        return list(new.values()), changed

    def _changed(self, sight: LedgerSight, changed: Sequence[tuple[Row, bytes, Known]]) -> None:
        self.store.crosswalk.saw(
            [(row.body, digest, row.version, int(row.gone), row.changed_at, held.id) for row, digest, held in changed]
        )
        self.store.hub.mark(sight.route.observed, [held.uid for _, _, held in changed])
        sight.changed += len(changed)

    def _new(self, sight: LedgerSight, new: Sequence[Digested]) -> None:
        """Of a source: each new row is a new record. What a target has beside ours is its own and is passed over."""
        route = sight.route
        uids = [fact_uid(route.spoke, route.observed, row.external_id) for row, _ in new]
        self.store.hub.add(sight.route.observed, [(uid, b"{}") for uid in uids])
        self.store.crosswalk.add(
            sight.feed,
            [
                NewLink(
                    row.external_id, uid, 1, row.body, digest, None, row.version, int(row.gone), row.changed_at,
                    self.run, "created", "run", self.at,
                )
                for uid, (row, digest) in zip(uids, new, strict=True)
            ],
        )  # fmt: skip
        self.store.hub.mark(sight.route.observed, uids)
        sight.changed += len(new)

    def _unreadable(self, sight: LedgerSight, rows: Sequence[tuple[str, str | Sentence]]) -> None:
        account = sight.route.account
        lines = [
            JournalLine(
                account=account,
                entity=sight.route.observed,
                external_id=external_id,
                reason=unidentified(what),
                do=Sentence(N_("correct the record in {account}"), account=account),
            )
            for external_id, what in rows
        ]
        self.store.journal.write(lines, self.run, self.at)
        sight.unreadable += len(lines)
