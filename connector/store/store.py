"""The store as one thing: open it, and everything the connector remembers is at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from connector.errors import Locked
from connector.locale import N_
from connector.store.conflicts import Conflicts
from connector.store.crosswalk import Crosswalk
from connector.store.db import Db
from connector.store.hub import Hub
from connector.store.journal import Journal
from connector.store.outbox import Outbox
from connector.store.owner import lives
from connector.store.runs import Runs
from connector.store.sqlite import PATIENCE, sqlite_file
from connector.store.version import make, require_current, version

LOCK_DEAD_AFTER = 120
"""Seconds without a heartbeat after which the owner of the lock counts as dead, when nothing else is known of it."""

LOCK_HUNG_AFTER = 900
"""The same for an owner whose process lives: it may only be waiting long for an answer."""


class Store:
    """Every part works on the same connection; `transaction` ties them together."""

    def __init__(self, db: Db) -> None:
        self.db = db
        self.hub = Hub(db)
        self.crosswalk = Crosswalk(db)
        self.outbox = Outbox(db)
        self.conflicts = Conflicts(db)
        self.journal = Journal(db)
        self.runs = Runs(db)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def transaction(self, durable: bool = False) -> Iterator[None]:
        """All or nothing; `durable` waits for the disk and is used for intents and outcomes."""
        with self.db.transaction(durable):
            yield

    def create(self) -> None:
        """Make the tables of a new store; nothing where they are current. Raises Outdated for another version."""
        make(self.db)

    def take_lock(self, name: str, owner: str, at: str, now: int, lives: Callable[[str], bool | None] = lives) -> None:
        """One run at a time; a live owner raises Locked. `now` is unix seconds, `lives` tells what it can of a process.

        The lock is taken over when its owner's process is gone, when nothing was heard of the owner for
        LOCK_DEAD_AFTER seconds, or, of one that certainly lives but says nothing, for LOCK_HUNG_AFTER.
        """
        with self.db.transaction(durable=True):
            held = self.db.one("SELECT owner, beat, taken_at FROM lock WHERE name = ?", (name,))
            if held is not None and held[0] != owner and not _is_dead(lives(held[0]), now - held[1]):
                raise Locked(N_("another run is working on this store since {at} ({owner})"), at=held[2], owner=held[0])
            self.db.run(
                "INSERT INTO lock (name, owner, taken_at, beat) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                " owner = excluded.owner, taken_at = excluded.taken_at, beat = excluded.beat",
                (name, owner, at, now),
            )

    def beat(self, name: str, owner: str, now: int) -> bool:
        """Say that the owner lives; False when the lock is no longer ours."""
        return self.db.run("UPDATE lock SET beat = ? WHERE name = ? AND owner = ?", (now, name, owner)) == 1

    def drop_lock(self, name: str, owner: str) -> None:
        self.db.run("DELETE FROM lock WHERE name = ? AND owner = ?", (name, owner))


def _is_dead(lives: bool | None, silence: int) -> bool:
    """A heartbeat from the future is a clock that is wrong: it is believed for as long as a silent process is."""
    limit = LOCK_DEAD_AFTER if lives is None and silence >= 0 else LOCK_HUNG_AFTER
    return lives is False or abs(silence) >= limit


def open_store(url: str, *, patience: float = PATIENCE, any_version: bool = False) -> Store:
    """Open `store:` of connector.yaml. One without tables gets them by `create`, or by `connector db upgrade`.

    Raises ConfigError for an address that is none, Unavailable when nobody answers there, Outdated (exit code 2)
    when the tables are of another version, unless `any_version`. `patience` is how many seconds a writer waits.
    """
    store = Store(_database(url, patience))
    try:
        if not any_version:
            require_current(store.db)
        store.db.raw()
    except BaseException:
        store.close()
        raise
    return store


def existing_store(url: str) -> Store | None:
    """The store, where there is one with tables; None otherwise, and nothing is made. Raises as `open_store` does."""
    file = sqlite_file(url, PATIENCE)
    if file is not None and not Path(file.path).is_file():
        return None
    store = open_store(url)
    if version(store.db) is None:
        store.close()
        return None
    return store


def _database(url: str, patience: float) -> Db:
    file = sqlite_file(url, patience)
    if file is not None:
        return Db(file, None)
    from connector.store.engine import make_engine

    return Db(*make_engine(url, patience))
