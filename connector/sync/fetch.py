"""Fetch feeds of several accounts at once: one thread an account, one consumer, a bounded number of pages ahead.

Pages are handed over in one fixed order, whichever account answers first: what a run finds out never depends on timing.
Small pages are joined, for the store pays for each transaction and each statement.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any, Final, NamedTuple

from connector.errors import ConnectorError
from connector.systems.base import Adapter, Page

READ_AHEAD: Final = 4
"""Pages of one account that may wait for the consumer."""

ROWS: Final = 1000
"""Pages are joined until they have so many rows."""

_PAUSE: Final = 0.05

_TURN: Final = 0.0005
"""Seconds after which a thread that computes lets another one go on: storing a page takes several turns, and with
Python's own 5 ms each of them would wait longer than it works."""

_COLLECT: Final = 50_000
"""So many new objects make the collector look for cycles; Python's own 700 are there after a hundred rows."""

Spent = Counter[tuple[str, str]]
"""(entity, account) -> requests."""


class Job(NamedTuple):
    """One feed to read. `prepare` makes of a page what the consumer is given, in the thread that reads."""

    adapter: Adapter
    entity: str
    paths: Sequence[str]
    cursor: str | None
    prepare: Callable[[Page], Any] = lambda page: page


class Fetched(NamedTuple):
    """A prepared page; None when the feed has come to its end. `more` says that another one of it waits already."""

    account: str
    entity: str
    page: Any
    more: bool


MOST: Final = 8
"""So many pages are grouped at most."""


def grouped(pages: Iterable[Fetched]) -> Iterator[list[Fetched]]:
    """Pages that wait already come together, to be stored in one transaction; nobody is waited for."""
    group: list[Fetched] = []
    for fetched in pages:
        group.append(fetched)
        if not fetched.more or len(group) == MOST:
            yield group
            group = []
    if group:
        yield group


def fetch(
    jobs: Sequence[Job],
    failed: MutableMapping[str, ConnectorError],
    keep_going: Callable[[], bool],
    concurrent: bool,
    spent: Spent,
) -> Iterator[Fetched]:
    """Every page of every feed, in the order of the jobs. An account that fails is noted and gives nothing more.

    `spent` learns how many requests each feed took.
    """
    accounts = {job.adapter.account for job in jobs}
    readers = {account: _Reader([job for job in jobs if job.adapter.account == account], spent) for account in accounts}
    try:
        with _brisk():
            if concurrent:
                for reader in readers.values():
                    reader.start()
            for job in jobs:
                account = job.adapter.account
                if account in failed:
                    continue
                try:
                    reader = readers[account]
                    for page in reader.pages() if concurrent else _pages(job, spent):
                        if not keep_going():
                            return
                        yield Fetched(account, job.entity, page, page is not None and reader.has_more())
                except ConnectorError as error:
                    failed[account] = error
    finally:
        for reader in readers.values():
            reader.stop()


def _pages(job: Job, spent: Spent) -> Iterator[Any]:
    before = job.adapter.requests()
    try:
        for page in joined(job.adapter.feed(job.entity, job.paths, job.cursor)):
            yield job.prepare(page)
    finally:
        spent[job.entity, job.adapter.account] += job.adapter.requests() - before
    yield None


def joined(pages: Iterable[Page]) -> Iterator[Page]:
    """The same rows in pages of at least ROWS, the last one excepted. What came before an error is given before it."""
    held = Page([])
    try:
        for page in pages:
            cursor = held.cursor if page.cursor is None else page.cursor
            held = Page([*held.rows, *page.rows], cursor, [*held.unreadable, *page.unreadable]) if held.rows else page
            held = held._replace(cursor=cursor)
            if len(held.rows) >= ROWS:
                yield held
                held = Page([])
    except ConnectorError:
        if held.rows or held.unreadable:
            yield held
        raise
    if held.rows or held.unreadable or held.cursor is not None:
        yield held


@contextmanager
def _brisk() -> Iterator[None]:
    """Threads take short turns, and the collector rests: rows come by the hundred thousand and are no cycles."""
    turn, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(_TURN)
    gc.set_threshold(_COLLECT, *thresholds[1:])
    try:
        yield
    finally:
        sys.setswitchinterval(turn)
        gc.set_threshold(*thresholds)


class _Reader:
    """Reads the feeds of one account in a thread, one after the other."""

    def __init__(self, jobs: Sequence[Job], spent: Spent) -> None:
        self.jobs = jobs
        self.spent = spent
        self.queue: Queue[Any] = Queue(READ_AHEAD)
        self.stopping = Event()
        self.thread = Thread(target=self._read, daemon=True, name=f"feed {jobs[0].adapter.account}")

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        """Let the thread end: it looks up between pages."""
        self.stopping.set()
        while self.thread.is_alive():
            try:
                self.queue.get(timeout=_PAUSE)
            except Empty:
                continue

    def pages(self) -> Iterator[Any]:
        """The pages of the next feed and its end."""
        while True:
            item = self.queue.get()
            if isinstance(item, BaseException):
                raise item
            yield item
            if item is None:
                return

    def has_more(self) -> bool:
        return not self.queue.empty()

    def _read(self) -> None:
        try:
            for job in self.jobs:
                for page in _pages(job, self.spent):
                    if not self._put(page):
                        return
        except BaseException as error:  # noqa: BLE001 - carried to the consumer, where it is raised
            self._put(error)

    def _put(self, item: Any) -> bool:
        while not self.stopping.is_set():
            try:
                self.queue.put(item, timeout=_PAUSE)
            except Full:
                continue
            return True
        return False
