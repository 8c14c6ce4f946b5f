"""Fetch feeds of several accounts at once: one thread an account, one consumer, a bounded number of pages ahead.

Pages are handed over in one fixed order, whichever account answers first: what a run finds out never depends on timing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Final, NamedTuple

from connector.errors import ConnectorError
from connector.systems.base import Adapter, Page

READ_AHEAD: Final = 16
"""Pages of one account that may wait for the consumer."""

_PAUSE: Final = 0.05


Spent = Counter[tuple[str, str]]
"""(entity, account) -> requests."""


class Job(NamedTuple):
    """One feed to read."""

    adapter: Adapter
    entity: str
    paths: Sequence[str]
    cursor: str | None
    spent: Spent


Fetched = tuple[str, str, Page | None]
"""(account, entity, page); None when the feed has come to its end."""


def fetch(
    jobs: Sequence[tuple[Adapter, str, Sequence[str], str | None]],
    failed: MutableMapping[str, ConnectorError],
    keep_going: Callable[[], bool],
    concurrent: bool,
    spent: Spent,
) -> Iterator[Fetched]:
    """Every page of every feed, in the order of the jobs. An account that fails is noted and gives nothing more.

    `spent` learns how many requests each feed took.
    """
    feeds = [Job(*job, spent) for job in jobs]
    accounts = {job.adapter.account for job in feeds}
    readers = {account: _Reader([job for job in feeds if job.adapter.account == account]) for account in accounts}
    threaded = concurrent and len(accounts) > 1
    try:
        if threaded:
            for reader in readers.values():
                reader.start()
        for job in feeds:
            account = job.adapter.account
            if account in failed:
                continue
            try:
                pages = readers[account].pages() if threaded else _pages(job)
                for page in pages:
                    if not keep_going():
                        return
                    yield account, job.entity, page
            except ConnectorError as error:
                failed[account] = error
    finally:
        for reader in readers.values():
            reader.stop()


def _pages(job: Job) -> Iterator[Page | None]:
    before = job.adapter.requests()
    try:
        yield from job.adapter.feed(job.entity, job.paths, job.cursor)
    finally:
        job.spent[job.entity, job.adapter.account] += job.adapter.requests() - before
    yield None


class _Reader:
    """Reads the feeds of one account in a thread, one after the other."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = jobs
        self.queue: Queue[Page | BaseException | None] = Queue(READ_AHEAD)
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

    def pages(self) -> Iterator[Page | None]:
        """The pages of the next feed and its end."""
        while True:
            item = self.queue.get()
            if isinstance(item, BaseException):
                raise item
            yield item
            if item is None:
                return

    def _read(self) -> None:
        try:
            for job in self.jobs:
                for page in _pages(job):
                    if not self._put(page):
                        return
        except BaseException as error:  # noqa: BLE001 - carried to the consumer, where it is raised
            self._put(error)

    def _put(self, item: Page | BaseException | None) -> bool:
        while not self.stopping.is_set():
            try:
                self.queue.put(item, timeout=_PAUSE)
            except Full:
                continue
            return True
        return False
