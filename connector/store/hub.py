"""The hub: one canonical record per real thing, with the identifiers it is found by; and what waits to be merged.

This module is the only writer of `hub`, `identifier`, `dirty`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connector.model.records import ENTITIES
from connector.store.db import Db

TO_MERGE = 0
TO_PLAN = 1


class Hub:
    """Bodies are canonical JSON bytes of a record; identifiers are (scheme, value)."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def add(self, entity: str, rows: Sequence[tuple[str, bytes]]) -> None:
        """New records: (uid, body)."""
        self._db.many(f"INSERT INTO hub (uid, entity, version, body) VALUES (?, '{entity}', 1, ?)", rows)

    def put(self, rows: Sequence[tuple[bytes, str]]) -> None:
        """Changed records: (body, uid). The version counts up."""
        self._db.many("UPDATE hub SET body = ?, version = version + 1 WHERE uid = ?", rows)

    def bodies(self, uids: Iterable[str]) -> dict[str, bytes]:
        rows = self._db.all(f"SELECT uid, body FROM hub WHERE uid {self._db.among}", (self._db.listed(uids),))
        return dict(rows)

    def living(self, uids: Iterable[str]) -> dict[str, bytes]:
        """The bodies of those that were not merged into another."""
        rows = self._db.all(
            f"SELECT uid, body FROM hub WHERE survivor IS NULL AND uid {self._db.among}", (self._db.listed(uids),)
        )
        return dict(rows)

    def entity_of(self, uid: str) -> str | None:
        entity: str | None = self._db.value("SELECT entity FROM hub WHERE uid = ?", (uid,))
        return entity

    def survivor(self, uid: str) -> str:
        """The record this one was merged into, or itself."""
        while (other := self._db.value("SELECT survivor FROM hub WHERE uid = ?", (uid,))) is not None:
            uid = other
        return uid

    def set_survivor(self, uid: str, survivor: str) -> None:
        """Note that `uid` was merged into `survivor`. A circle would be a record that is nowhere: ValueError."""
        if self.survivor(survivor) == uid:
            raise ValueError(f"{uid} is what {survivor} was merged into")
        self._db.run("UPDATE hub SET survivor = ? WHERE uid = ?", (survivor, uid))

    def remove(self, uid: str) -> None:
        self._db.run("DELETE FROM identifier WHERE uid = ?", (uid,))
        self._db.run("DELETE FROM dirty WHERE uid = ?", (uid,))
        self._db.run("DELETE FROM hub WHERE uid = ?", (uid,))

    def uids(self, entity: str, after: str = "", limit: int = 1000) -> list[str]:
        rows = self._db.all(
            "SELECT uid FROM hub WHERE entity = ? AND survivor IS NULL AND uid > ? ORDER BY uid LIMIT ?",
            (entity, after, limit),
        )
        return [row[0] for row in rows]

    def count(self, entity: str) -> int:
        count: int = self._db.value("SELECT count(*) FROM hub WHERE entity = ? AND survivor IS NULL", (entity,))
        return count

    # identifiers

    def identify(self, rows: Sequence[tuple[str, str, str, str]]) -> None:
        """Add identifiers: (entity, scheme, value, uid)."""
        self._db.many(
            "INSERT INTO identifier (entity, scheme, value, uid) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", rows
        )

    def forget(self, rows: Sequence[tuple[str, str, str, str]]) -> None:
        self._db.many("DELETE FROM identifier WHERE entity = ? AND scheme = ? AND value = ? AND uid = ?", rows)

    def identifiers(self, uids: Iterable[str]) -> dict[str, set[tuple[str, str]]]:
        found: dict[str, set[tuple[str, str]]] = {uid: set() for uid in uids}
        rows = self._db.all(
            f"SELECT uid, scheme, value FROM identifier WHERE uid {self._db.among}", (self._db.listed(found),)
        )
        for uid, scheme, value in rows:
            found[uid].add((scheme, value))
        return found

    def holders(self, entity: str, values: Iterable[str]) -> dict[tuple[str, str], list[str]]:
        """(scheme, value) -> the records that carry it, for any of the values; the oldest first."""
        found: dict[tuple[str, str], list[str]] = {}
        rows = self._db.all(
            f"SELECT scheme, value, uid FROM identifier WHERE entity = ? AND value {self._db.among} ORDER BY uid",
            (entity, self._db.listed(values)),
        )
        for scheme, value, uid in rows:
            found.setdefault((scheme, value), []).append(uid)
        return found

    def by_value(self, value: str) -> list[str]:
        """Every record of any entity that carries this value."""
        rows = self._db.all(
            f"SELECT DISTINCT uid FROM identifier WHERE entity {self._db.among} AND value = ? ORDER BY uid",
            (self._db.listed(ENTITIES), value),
        )
        return [row[0] for row in rows]

    def shared(self, entity: str) -> list[tuple[str, str, int]]:
        """(scheme, value, how many) of every value that several records carry."""
        return self._db.all(
            "SELECT scheme, value, count(*) FROM identifier WHERE entity = ? GROUP BY scheme, value"
            " HAVING count(*) > 1 ORDER BY scheme, value",
            (entity,),
        )

    # work that waits

    def mark(self, entity: str, uids: Iterable[str], stage: int = TO_MERGE) -> None:
        """Remember that these records must be merged (or only planned). A record to be merged stays so."""
        keep = "min" if self._db.sqlite else "least"
        self._db.many(
            f"INSERT INTO dirty (uid, entity, stage) VALUES (?, '{entity}', {stage})"
            f" ON CONFLICT (uid) DO UPDATE SET stage = {keep}(dirty.stage, excluded.stage)",
            [(uid,) for uid in uids],
        )

    def mark_linked(self, feed: int, entity: str) -> None:
        """Every record that has a link in a feed must be merged again."""
        self._db.run(
            f"INSERT INTO dirty (uid, entity, stage) SELECT DISTINCT uid, '{entity}', 0 FROM link WHERE feed = ?"
            " ON CONFLICT (uid) DO UPDATE SET stage = 0",
            (feed,),
        )

    def marked(self, entity: str, stage: int, after: str = "", limit: int = 500) -> list[str]:
        rows = self._db.all(
            "SELECT uid FROM dirty WHERE entity = ? AND stage = ? AND uid > ? ORDER BY uid LIMIT ?",
            (entity, stage, after, limit),
        )
        return [row[0] for row in rows]

    def marked_among(self, uids: Iterable[str], stage: int) -> list[str]:
        rows = self._db.all(
            f"SELECT uid FROM dirty WHERE stage = ? AND uid {self._db.among}", (stage, self._db.listed(uids))
        )
        return [row[0] for row in rows]

    def complete(self, entity: str, feeds: Sequence[int]) -> None:
        """Mark to be planned what is new since the last time and lacks a primary link in one of these feeds.

        Every record is new to a feed that was not asked for the last time. Nothing is written where nothing is new.
        """
        asked = ",".join(str(feed) for feed in sorted(feeds))
        last = self._db.value("SELECT coalesce(max(id), 0) FROM link")
        held = self._db.value("SELECT value FROM meta WHERE key = ?", (f"completed:{entity}",))
        before, _, number = (held or ":").partition(":")
        since = int(number or 0) if before == asked else 0
        if held == f"{asked}:{last}":
            return
        with self._db.transaction():
            if feeds:
                self._mark_incomplete(entity, feeds, since)
            self._db.run(
                "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (f"completed:{entity}", f"{asked}:{last}"),
            )

    def _mark_incomplete(self, entity: str, feeds: Sequence[int], since: int) -> None:
        listed = ", ".join(str(int(feed)) for feed in feeds)
        held = f"SELECT count(*) FROM link o WHERE o.uid = l.uid AND o.is_primary = 1 AND o.feed IN ({listed})"
        self._db.run(
            "INSERT INTO dirty (uid, entity, stage) SELECT DISTINCT l.uid, CAST(? AS TEXT), 1 FROM link l"
            " WHERE l.id > ? AND l.is_primary = 1 AND l.gone = 0 AND l.feed IN (SELECT id FROM feed WHERE entity = ?)"
            f" AND ({held}) < {len(feeds)} ON CONFLICT DO NOTHING",
            (entity, since, entity),
        )

    def count_marked(self, stage: int) -> int:
        count: int = self._db.value("SELECT count(*) FROM dirty WHERE stage = ?", (stage,))
        return count

    def merged(self, uids: Iterable[str]) -> None:
        """They are merged; now they wait to be planned."""
        self._db.many("UPDATE dirty SET stage = 1 WHERE uid = ?", [(uid,) for uid in uids])

    def settled(self, uids: Iterable[str]) -> None:
        """Nothing waits any more for these."""
        self._db.many("DELETE FROM dirty WHERE uid = ? AND stage = 1", [(uid,) for uid in uids])
