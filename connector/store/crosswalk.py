"""The crosswalk: which hub record is which record of a spoke, what was last seen there, and the shadow.

This module is the only writer of `link`, `feed`, `lookup`. (spoke, entity, external_id) is unique, and so is
(uid, spoke, entity) among primary links: the database refuses a second one, nobody checks first (invariant 4).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from connector.model.states import Link, shadow_from
from connector.store.db import Db

_COLUMNS = (
    "l.id, l.uid, f.spoke, f.entity, l.external_id, l.is_primary, l.seen, l.shadow, l.version, l.gone, l.changed_at, "
    "l.how, l.by, l.at, (l.seen IS NOT NULL AND l.seen_hash IS NULL), l.run"
)
_FROM = "FROM link l JOIN feed f ON f.id = l.feed"


class Known(NamedTuple):
    """What the store knows of a remote row before it is read."""

    id: int
    hash: bytes | None
    gone: int
    uid: str
    external_id: str


class NewLink(NamedTuple):
    """A link about to be made, in the column order of the insert."""

    external_id: str
    uid: str
    primary: int
    seen: bytes | None
    hash: bytes | None
    shadow: bytes | None
    version: str | None
    gone: int
    changed_at: str | None
    run: int
    how: str
    by: str
    at: str


class Crosswalk:
    """Links by row, by record and by spoke."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._feeds: dict[tuple[str, str], int] = {}
        self._undone = 0

    def feed(self, spoke: str, entity: str) -> int:
        """The id under which (spoke, entity) is kept; made when first asked for. Asking for a known one writes nothing.

        An id from a transaction that was rolled back must not be remembered: it may be given to another feed.
        """
        if self._undone != self._db.undone:
            self._feeds.clear()
            self._undone = self._db.undone
        key = (spoke, entity)
        if key not in self._feeds:
            self._feeds[key] = self._find_feed(key) or self._make_feed(key)
        return self._feeds[key]

    def _find_feed(self, key: tuple[str, str]) -> int | None:
        found: int | None = self._db.value("SELECT id FROM feed WHERE spoke = ? AND entity = ?", key)
        return found

    def _make_feed(self, key: tuple[str, str]) -> int:
        self._db.run("INSERT INTO feed (spoke, entity) VALUES (?, ?) ON CONFLICT DO NOTHING", key)
        return int(self._db.value("SELECT id FROM feed WHERE spoke = ? AND entity = ?", key))

    def mapping_version(self, spoke: str, entity: str) -> str | None:
        version: str | None = self._db.value("SELECT mapping FROM feed WHERE id = ?", (self.feed(spoke, entity),))
        return version

    def set_mapping_version(self, spoke: str, entity: str, version: str) -> None:
        self._db.run("UPDATE feed SET mapping = ? WHERE id = ?", (version, self.feed(spoke, entity)))

    # the row path: one page at a time

    def known(self, feed: int, external_ids: Sequence[str]) -> dict[str, Known]:
        """What is stored for the ids of one page: one statement."""
        rows = self._db.all(
            f"SELECT id, seen_hash, gone, uid, external_id FROM link WHERE feed = ? AND external_id {self._db.among}",
            (feed, self._db.listed(external_ids)),
        )
        made = Known._make
        return {row[4]: made(row) for row in rows}

    def add(self, feed: int, links: Sequence[tuple[Any, ...]]) -> None:
        """New links, in the columns of `NewLink`."""
        self._db.many(
            "INSERT INTO link (feed, external_id, uid, is_primary, seen, seen_hash, shadow, version, gone, changed_at,"
            f" run, how, by, at) VALUES ({feed}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            links,
        )

    def add_new(self, feed: int, run: int, at: str, links: Sequence[tuple[Any, ...]]) -> None:
        """Primary links that a run makes itself.

        (external id, uid, seen, hash, shadow, version, gone, changed_at, how) each; the rest is the same for all.
        """
        moment = at.replace("'", "''")
        self._db.many(
            "INSERT INTO link (feed, external_id, uid, seen, seen_hash, shadow, version, gone, changed_at, how,"
            f" is_primary, run, by, at) VALUES ({feed}, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, {run}, 'run', '{moment}')",
            links,
        )

    def saw(self, rows: Sequence[tuple[bytes | None, bytes | None, str | None, int, str | None, int]]) -> None:
        """Store what was read: (seen, hash, version, gone, changed_at, link id)."""
        self._db.many(
            "UPDATE link SET seen = ?, seen_hash = ?, version = ?, gone = ?, changed_at = ? WHERE id = ?", rows
        )

    def shadows(self, rows: Sequence[tuple[bytes, int]]) -> None:
        """Move shadows: (shadow, link id)."""
        self._db.many("UPDATE link SET shadow = ? WHERE id = ?", rows)

    def wrote(self, link_id: int, shadow: bytes) -> None:
        """We have written there: the shadow moves, and what was seen is out of date until it is seen again."""
        self._db.run("UPDATE link SET shadow = ?, seen_hash = NULL WHERE id = ?", (shadow, link_id))

    # absence

    def alive(self, feed: int, up_to: int = 1 << 62) -> int:
        """How many links of a feed are not gone, of those up to an id. Answered from indexes, without reading links."""
        count = "SELECT count(*) FROM link WHERE feed = ? AND id <= ?"
        alive: int = self._db.value(f"SELECT ({count}) - ({count} AND gone = 1)", (feed, up_to, feed, up_to))
        return alive

    def last_id(self) -> int:
        """The highest id that a link has been given."""
        last: int = self._db.value("SELECT coalesce(max(id), 0) FROM link")
        return last

    def has_any(self, feed: int) -> bool:
        return self._db.one("SELECT 1 FROM link WHERE feed = ? LIMIT 1", (feed,)) is not None

    def first_sights(self, run: int, uids: Iterable[str]) -> dict[str, tuple[int, bytes]]:
        """uid -> (feed, body) of those records that are nothing but what one spoke said of them in this run."""
        found: dict[str, tuple[int, bytes] | None] = {}
        rows = self._db.all(
            "SELECT h.uid, h.body, l.feed, l.shadow, l.run FROM hub h JOIN link l ON l.uid = h.uid"
            f" WHERE l.is_primary = 1 AND h.uid {self._db.among}",
            (self._db.listed(uids),),
        )
        for uid, body, feed, shadow, made in rows:
            plain = uid not in found and made == run and shadow == b'{"s":' + body + b"}"
            found[uid] = (feed, body) if plain else None
        return {uid: sight for uid, sight in found.items() if sight is not None}

    def alive_ids(self, feed: int, chunk: int = 5000) -> Iterator[tuple[int, str]]:
        """(link id, uid) of every link of a feed that is not gone and has been seen, in the order of ids."""
        last = 0
        while True:
            rows = self._db.all(
                "SELECT id, uid FROM link WHERE feed = ? AND gone = 0 AND seen IS NOT NULL AND id > ?"
                " ORDER BY id LIMIT ?",
                (feed, last, chunk),
            )
            if not rows:
                return
            yield from rows
            last = rows[-1][0]

    def set_gone(self, link_ids: Sequence[int]) -> None:
        self._db.many("UPDATE link SET gone = 1 WHERE id = ?", [(link_id,) for link_id in link_ids])

    # records

    def of(self, uids: Sequence[str]) -> dict[str, list[Link]]:
        """Every link of these hub records.

        Primary ones and aliases are asked for apart, for each kind has its index; sorted here, for asked to sort SQLite
        would rather read every link in the order of ids.
        """
        listed = self._db.listed(uids)
        each = [f"SELECT {_COLUMNS} {_FROM} WHERE l.is_primary = {kind} AND l.uid {self._db.among}" for kind in (1, 0)]
        rows = self._db.all(f"{' UNION ALL '.join(each)}", (listed, listed))
        found: dict[str, list[Link]] = {uid: [] for uid in uids}
        for row in sorted(rows, key=itemgetter(0)):
            found[row[1]].append(_link(row))
        return found

    def at(self, spoke: str, entity: str, external_id: str) -> Link | None:
        row = self._db.one(
            f"SELECT {_COLUMNS} {_FROM} WHERE f.spoke = ? AND f.entity = ? AND l.external_id = ?",
            (spoke, entity, external_id),
        )
        return None if row is None else _link(row)

    def seen(self, spoke: str, entity: str, external_ids: Iterable[str]) -> dict[str, bytes]:
        """external id -> the row as it was last seen."""
        rows = self._db.all(
            f"SELECT external_id, seen FROM link WHERE feed = ? AND seen IS NOT NULL AND external_id {self._db.among}",
            (self.feed(spoke, entity), self._db.listed(external_ids)),
        )
        return dict(rows)

    def by_external_id(self, external_id: str) -> list[Link]:
        rows = self._db.all(
            f"SELECT {_COLUMNS} {_FROM} WHERE l.feed IN (SELECT id FROM feed) AND l.external_id = ? ORDER BY 1",
            (external_id,),
        )
        return [_link(row) for row in rows]

    def all(self, entity: str | None = None, spoke: str | None = None, limit: int = 1 << 40) -> list[Link]:
        rows = self._db.all(
            f"SELECT {_COLUMNS} {_FROM} WHERE (? IS NULL OR f.entity = ?) AND (? IS NULL OR f.spoke = ?)"
            " ORDER BY l.uid, l.id LIMIT ?".replace("(? IS", "(CAST(? AS TEXT) IS"),
            (entity, entity, spoke, spoke, limit),
        )
        return [_link(row) for row in rows]

    def each(self, spoke: str, entity: str, chunk: int = 1000) -> Iterator[list[Link]]:
        """Every link of a feed, in chunks, in the order of ids."""
        last = 0
        while True:
            rows = self._db.all(
                f"SELECT {_COLUMNS} {_FROM} WHERE l.feed = ? AND l.id > ? ORDER BY l.id LIMIT ?",
                (self.feed(spoke, entity), last, chunk),
            )
            if not rows:
                return
            yield [_link(row) for row in rows]
            last = rows[-1][0]

    def targets(self, spoke: str, entity: str, uids: Iterable[str]) -> dict[str, str]:
        """uid -> external id of the primary, living link: how a reference is written there."""
        rows = self._db.all(
            "SELECT uid, external_id FROM link WHERE feed = ? AND is_primary = 1 AND gone = 0"
            f" AND uid {self._db.among}",
            (self.feed(spoke, entity), self._db.listed(uids)),
        )
        return dict(rows)

    def resolve(self, spoke: str, entity: str, external_ids: Iterable[str]) -> dict[str, str]:
        """external id -> uid: how a reference read there is understood. Aliases resolve to the survivor."""
        rows = self._db.all(
            f"SELECT external_id, uid FROM link WHERE feed = ? AND external_id {self._db.among}",
            (self.feed(spoke, entity), self._db.listed(external_ids)),
        )
        return dict(rows)

    def joined(self, uids: Iterable[str]) -> set[str]:
        """Those of these records that more than one spoke has."""
        rows = self._db.all(
            f"SELECT uid FROM link WHERE is_primary = 1 AND gone = 0 AND uid {self._db.among}"
            " GROUP BY uid HAVING count(*) > 1",
            (self._db.listed(uids),),
        )
        return {row[0] for row in rows}

    def primaries(self, feed: int, uids: Iterable[str]) -> dict[str, tuple[str, str, int, int]]:
        """uid -> (external id, how, run, link id) of its primary link in this feed."""
        rows = self._db.all(
            "SELECT uid, external_id, how, run, id FROM link WHERE feed = ? AND is_primary = 1"
            f" AND uid {self._db.among}",
            (feed, self._db.listed(uids)),
        )
        return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}

    def move(self, link_id: int, uid: str, primary: bool, how: str, by: str, at: str) -> None:
        """Give a link to another record; its shadow is forgotten, for it belonged to the pair that is no more."""
        self._db.run(
            "UPDATE link SET uid = ?, is_primary = ?, how = ?, by = ?, at = ?, shadow = NULL WHERE id = ?",
            (uid, int(primary), how, by, at, link_id),
        )

    def promote_aliases(self, feed: int, uids: Iterable[str]) -> None:
        """Where the primary link of a record is gone and an alias lives, the alias takes its place."""
        rows = self._db.all(
            "SELECT p.id, min(a.id) FROM link p JOIN link a ON a.uid = p.uid AND a.feed = p.feed AND a.is_primary = 0"
            f" AND a.gone = 0 WHERE p.feed = ? AND p.is_primary = 1 AND p.gone = 1 AND p.uid {self._db.among}"
            " GROUP BY p.id",
            (feed, self._db.listed(uids)),
        )
        self._db.many("UPDATE link SET is_primary = 0 WHERE id = ?", [(primary,) for primary, _ in rows])
        self._db.many("UPDATE link SET is_primary = 1, shadow = NULL WHERE id = ?", [(alias,) for _, alias in rows])

    def remove(self, link_id: int) -> None:
        self._db.run("DELETE FROM link WHERE id = ?", (link_id,))

    def count(self, spoke: str, entity: str) -> int:
        count: int = self._db.value(
            "SELECT count(*) FROM link WHERE feed = ? AND is_primary = 1", (self.feed(spoke, entity),)
        )
        return count

    def linked_how(self, among: Collection[tuple[str, str]] | None = None) -> dict[str, int]:
        """How many links were made in which way, of all feeds or of these (spoke, entity).

        Those of records that we created ourselves are not counted.
        """
        rows = self._db.all(
            f"SELECT f.spoke, f.entity, l.how, count(*) {_FROM} WHERE l.how <> 'created'"
            " GROUP BY f.spoke, f.entity, l.how ORDER BY l.how"
        )
        found: dict[str, int] = {}
        for spoke, entity, how, count in rows:
            if among is None or (spoke, entity) in among:
                found[how] = found.get(how, 0) + count
        return found

    def only_there(self, entity: str) -> dict[str, int]:
        """spoke -> how many records of an entity it alone has."""
        rows = self._db.all(
            f"SELECT spoke, count(*) FROM (SELECT min(f.spoke) AS spoke {_FROM} WHERE f.entity = ? AND l.is_primary = 1"
            " GROUP BY l.uid HAVING count(*) = 1) AS alone GROUP BY spoke ORDER BY spoke",
            (entity,),
        )
        return dict(rows)

    # cards that a customer holds there, known before the customer is

    def hold(self, feed: int, rows: Sequence[tuple[str, str]]) -> None:
        """Remember (customer's external id, card number) as one spoke shows it."""
        self._db.many(
            f"INSERT INTO holding (feed, external_id, value) VALUES ({feed}, ?, ?) ON CONFLICT DO NOTHING", rows
        )

    def held(self, feed: int, external_ids: Iterable[str]) -> dict[str, list[str]]:
        """external id of a customer -> the card numbers held there."""
        found: dict[str, list[str]] = {}
        rows = self._db.all(
            f"SELECT external_id, value FROM holding WHERE feed = ? AND external_id {self._db.among} ORDER BY value",
            (feed, self._db.listed(external_ids)),
        )
        for external_id, value in rows:
            found.setdefault(external_id, []).append(value)
        return found

    # look-ups in systems that have no feed

    def looked_up(self, feed: int, uids: Iterable[str]) -> dict[str, str]:
        """uid -> the keys it was last looked up by."""
        rows = self._db.all(
            f"SELECT uid, keys FROM lookup WHERE feed = ? AND uid {self._db.among}", (feed, self._db.listed(uids))
        )
        return dict(rows)

    def note_lookup(self, feed: int, uid: str, keys: str, at: str) -> None:
        self._db.run(
            "INSERT INTO lookup (feed, uid, keys, at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (feed, uid) DO UPDATE SET keys = excluded.keys, at = excluded.at",
            (feed, uid, keys, at),
        )


def _link(row: tuple[Any, ...]) -> Link:
    return Link(
        id=row[0],
        uid=row[1],
        spoke=row[2],
        entity=row[3],
        external_id=row[4],
        primary=bool(row[5]),
        seen=row[6],
        shadow=shadow_from(row[7]),
        version=row[8],
        gone=bool(row[9]),
        changed_at=row[10],
        how=row[11],
        by=row[12],
        at=row[13],
        stale=bool(row[14]),
        run=row[15],
    )
