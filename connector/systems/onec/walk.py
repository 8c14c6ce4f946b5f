"""A whole set, page by page, in the order of its keys, while others add and delete.

`$skip` counts rows: one added or deleted in front of it shifts every later page. Each page therefore begins with the
last row of the page before; where that row is not found, we step back until a known one is. Nothing is lost and
nothing is given twice; what was added in front of a row already given is seen by the next walk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Generic, TypeVar

_OVERLAP: Final = 1
_MEMORY: Final = 2000
"""So many of the keys given last are remembered: as long as one of them is left, the place is found again."""

T = TypeVar("T")
Ask = Callable[[int, int], list[T]]
"""(top, skip) -> the rows there, in the fixed order."""


class Ahead(Generic[T]):
    """Asks for the pages that will be next while one is looked at, up to `at_once` at a time and up to `count` rows.

    What a walk asks for next is guessed from full pages. A wrong guess (rows were added or deleted meanwhile) costs the
    requests that were under way and nothing else: the walk asks again for what it wants.
    """

    def __init__(self, ask: Ask[T], at_once: int, count: int) -> None:
        self._ask, self._at_once, self._count = ask, at_once, count
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="page")
        self._asked: dict[tuple[int, int], Future[list[T]]] = {}

    def __call__(self, top: int, skip: int) -> list[T]:
        wanted = self._asked.pop((top, skip), None)
        if wanted is None:
            self._forget()
        page = (top, skip)
        answer = wanted or self._pool.submit(self._ask, *page)
        while len(self._asked) < self._at_once - 1:
            page = self._next(*page)
            if page[1] + _OVERLAP >= self._count:
                break
            if page not in self._asked:
                self._asked[page] = self._pool.submit(self._ask, *page)
        return answer.result()

    def close(self) -> None:
        self._forget()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _forget(self) -> None:
        for future in self._asked.values():
            future.cancel()
        self._asked.clear()

    @staticmethod
    def _next(top: int, skip: int) -> tuple[int, int]:
        return (top + _OVERLAP, top - _OVERLAP) if skip == 0 else (top, skip + top - _OVERLAP)


def walk(ask: Ask[T], size: int, key: Callable[[T], str]) -> Iterator[list[T]]:
    """Pages of up to `size` rows; at least one page, even when empty. `size` + 1 rows are asked for after the first."""
    known: list[str] = []
    skip = 0
    while True:
        overlap = _OVERLAP if known else 0
        start = max(0, skip - overlap)
        rows = ask(size + overlap, start)
        is_last = len(rows) < size + overlap
        fresh = _after(known, [key(row) for row in rows], from_start=start == 0)
        if fresh is None:
            skip = max(0, start - size + overlap)
            continue
        skip = start + len(rows)
        if fresh < len(rows) or not known:
            known = (known + [key(row) for row in rows[fresh:]])[-_MEMORY:]
            yield rows[fresh:]
        if is_last:
            return


def _after(known: list[str], ids: list[str], *, from_start: bool) -> int | None:
    """Where the rows begin that were not given yet: behind the furthest known one. None when none is in sight."""
    if not known:
        return 0
    given = set(known)
    found = next((index for index in range(len(ids) - 1, -1, -1) if ids[index] in given), None)
    if found is not None:
        return found + 1
    return 0 if from_start else None
