"""Fetch feeds of several accounts at once: one thread an account, one consumer, a bounded number of pages ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from queue import Queue
from threading import Event, Thread
from typing import NamedTuple

from connector.errors import ConnectorError
from connector.systems.base import Adapter, Page

READ_AHEAD = 4


class Job(NamedTuple):
    """One feed to read."""

    adapter: Adapter
    entity: str
    paths: Sequence[str]
    cursor: str | None


Fetched = tuple[str, str, Page | None]
"""(account, entity, page); None when the feed has come to its end."""


def fetch(
    jobs: Sequence[tuple[Adapter, str, Sequence[str], str | None]],
    failed: MutableMapping[str, ConnectorError],
    keep_going: Callable[[], bool],
    concurrent: bool,
) -> Iterator[Fetched]:
    """Every page of every feed. An account that fails is noted in `failed` and gives nothing more.

    Pages of one account come in order, feed after feed; those of different accounts come as they arrive.
    """
    by_account: dict[str, list[Job]] = {}
    for job in jobs:
        by_account.setdefault(job[0].account, []).append(Job(*job))
    if concurrent and len(by_account) > 1:
        yield from _together(by_account, failed, keep_going)
        return
    for account, own in by_account.items():
        try:
            for fetched in _pages(own):
                if not keep_going():
                    return
                yield fetched
        except ConnectorError as error:
            failed[account] = error


def _pages(jobs: Sequence[Job]) -> Iterator[Fetched]:
    for job in jobs:
        for page in job.adapter.feed(job.entity, job.paths, job.cursor):
            yield job.adapter.account, job.entity, page
        yield job.adapter.account, job.entity, None


def _together(
    by_account: dict[str, list[Job]],
    failed: MutableMapping[str, ConnectorError],
    keep_going: Callable[[], bool],
) -> Iterator[Fetched]:
    queue: Queue[Fetched | tuple[str, BaseException | None]] = Queue(READ_AHEAD * len(by_account))
    stop = Event()

    def read(account: str, jobs: Sequence[Job]) -> None:
        try:
            for fetched in _pages(jobs):
                if stop.is_set():
                    break
                queue.put(fetched)
            queue.put((account, None))
        except BaseException as error:  # noqa: BLE001 - carried to the consumer, where it is raised
            queue.put((account, error))

    threads = [Thread(target=read, args=item, daemon=True) for item in by_account.items()]
    for thread in threads:
        thread.start()
    try:
        yield from _consume(queue, len(threads), failed, keep_going)
    finally:
        stop.set()
        while any(thread.is_alive() for thread in threads):
            while not queue.empty():
                queue.get_nowait()
            for thread in threads:
                thread.join(0.01)


def _consume(
    queue: Queue[Fetched | tuple[str, BaseException | None]],
    running: int,
    failed: MutableMapping[str, ConnectorError],
    keep_going: Callable[[], bool],
) -> Iterator[Fetched]:
    while running:
        item = queue.get()
        if len(item) == 3:
            if not keep_going():
                return
            yield item
            continue
        running -= 1
        account, error = item
        if isinstance(error, ConnectorError):
            failed[account] = error
        elif error is not None:
            raise error
