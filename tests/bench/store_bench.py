"""What the store costs over the bare driver: the same statements on the same tables, page by page, ours and raw.

    .venv/bin/python -m tests.bench.store_bench [--rows 100000] [--times 5]

Ours goes through `Store`; raw is `sqlite3` with tuples ready in the list. Both are taken in turn, the median counts.
Goal: 1.1, at most 1.3 (a page is 1000 rows and one transaction; the fetch and the mapping of a row are not in here).
"""

from __future__ import annotations

import argparse
import gc
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from connector.resources import schemas_folder
from connector.store import Store, open_store
from connector.store.crosswalk import Known, NewLink

PAGE = 1000
PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-16384", "wal_autocheckpoint=2000")
STEPS = ("first pull", "look up", "change")

HUB = "INSERT INTO hub (uid, entity, version, body) VALUES (?, 'customer', 1, ?)"
IDENTIFIER = "INSERT INTO identifier (entity, scheme, value, uid) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
LINK = (
    "INSERT INTO link (feed, external_id, uid, is_primary, seen, seen_hash, shadow, version, gone, changed_at, run,"
    " how, by, at) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
KNOWN = (
    "SELECT external_id, id, seen_hash, gone, uid FROM link WHERE feed = ?"
    " AND external_id IN (SELECT value FROM json_each(?))"
)
SAW = "UPDATE link SET seen = ?, seen_hash = ?, version = ?, gone = ?, changed_at = ? WHERE id = ?"


class Data:
    """One page of what a feed of customers brings, as the observer hands it to the store."""

    def __init__(self, first: int) -> None:
        numbers = range(first, first + PAGE)
        uids = [f"0192f0a0-0000-7000-8000-{number:012x}" for number in numbers]
        bodies = [b'{"client_id":"%d","firstname":"' % number + b"x" * 560 + b'"}' for number in numbers]
        held = [b'{"name":"' + b"y" * 60 + b'","phone":"+7999%07d"}' % number for number in numbers]
        self.ids = [str(number) for number in numbers]
        self.hub = list(zip(uids, held, strict=True))
        self.keys = [
            ("customer", "phone", f"+7999{number * 7919 % 10**7:07d}", uid)
            for number, uid in zip(numbers, uids, strict=True)
        ]
        self.links = [
            NewLink(external_id, uid, 1, body, b"0123456789abcdef", b'{"s":' + record + b"}", None, 0, None, 1,
                    "created", "run", "2026-11-21T10:00:00+03:00")
            for external_id, uid, body, record in zip(self.ids, uids, bodies, held, strict=True)
        ]  # fmt: skip

    def changed(self, known: dict[str, Known]) -> list[tuple[Any, ...]]:
        return [(link.seen, b"fedcba9876543210", None, 0, None, known[link.external_id].id) for link in self.links]


def ours(store: Store, pages: Sequence[Data]) -> Iterator[float]:
    """Seconds of each step."""
    feed = store.crosswalk.feed("kafe", "customer")

    def pull() -> None:
        for page in pages:
            with store.transaction():
                store.hub.add("customer", page.hub)
                store.crosswalk.add(feed, page.links)
                store.hub.identify(page.keys)

    yield seconds(pull)
    yield seconds(lambda: [store.crosswalk.known(feed, page.ids) for page in pages])
    changes = [page.changed(store.crosswalk.known(feed, page.ids)) for page in pages]

    def change() -> None:
        for rows in changes:
            with store.transaction():
                store.crosswalk.saw(rows)

    yield seconds(change)


def raw(db: sqlite3.Connection, pages: Sequence[Data]) -> Iterator[float]:
    """The same, with nothing between."""
    db.execute("INSERT INTO feed (spoke, entity) VALUES ('kafe', 'customer')")

    def pull() -> None:
        for page in pages:
            db.execute("BEGIN IMMEDIATE")
            db.executemany(HUB, page.hub)
            db.executemany(LINK, page.links)
            db.executemany(IDENTIFIER, page.keys)
            db.execute("COMMIT")

    def known(page: Data) -> dict[str, Known]:
        rows = db.execute(KNOWN, (1, msgspec.json.encode(page.ids).decode())).fetchall()
        return {row[0]: Known(row[1], row[2], row[3], row[4]) for row in rows}

    yield seconds(pull)
    yield seconds(lambda: [known(page) for page in pages])
    changes = [page.changed(known(page)) for page in pages]

    def change() -> None:
        for rows in changes:
            db.execute("BEGIN IMMEDIATE")
            db.executemany(SAW, rows)
            db.execute("COMMIT")

    yield seconds(change)


def seconds(work: Callable[[], object]) -> float:
    """Of the processor: what else the machine does must not count."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def once(folder: Path, pages: Sequence[Data]) -> tuple[list[float], list[float]]:
    with open_store(f"sqlite:///{folder / 'ours.db'}") as store:
        store.create()
        our = list(ours(store, pages))
    db = sqlite3.connect(folder / "raw.db", isolation_level=None)
    for pragma in PRAGMAS:
        db.execute(f"PRAGMA {pragma}")
    db.executescript((schemas_folder() / "store.sql").read_text(encoding="utf-8"))
    bare = list(raw(db, pages))
    db.close()
    return our, bare


def measure(rows: int, times: int) -> dict[str, tuple[float, float]]:
    """Step -> (median seconds of ours, median seconds of raw)."""
    pages = [Data(first) for first in range(0, rows, PAGE)]
    taken: list[tuple[list[float], list[float]]] = []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            taken.append(once(Path(folder), pages))
    return {
        step: (median(our[at] for our, _ in taken), median(bare[at] for _, bare in taken))
        for at, step in enumerate(STEPS)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=5)
    asked = parser.parse_args()
    found = measure(asked.rows, asked.times)
    print(f"{'step':12} {'ours':>8} {'raw':>8} {'ratio':>6}   seconds for {asked.rows} rows")
    for step, (our, bare) in found.items():
        print(f"{step:12} {our:8.3f} {bare:8.3f} {our / bare:6.2f}")
    our, bare = (sum(column) for column in zip(*found.values(), strict=True))
    print(f"{'all':12} {our:8.3f} {bare:8.3f} {our / bare:6.2f}")


if __name__ == "__main__":
    main()
