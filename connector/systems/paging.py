"""Walking through the pages of a read: as few requests as can be, in order, ahead of the reader where that is free.

One request more than the reader needs is never sent to an account that allows a single request at a time: the next
page is asked for once the last one has shown that there is a next. Where an account allows several and the answer says
how many pages there are, they are fetched side by side; where it does not say so, up to `concurrency - 1` requests may
run past the end.

A row that is removed while we read shifts the ones behind it. Pages overlap by `overlap` rows: a page that does not
begin with a row of the page before is read again from further back, until it does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar

from connector.systems.catalogue import Paging

_STEP_BACK: Final = 50
_ROUND: Final = 50


class Part(Protocol):
    """What a page must tell: how many rows came, their ids in order, the number of pages if said, the last key."""

    @property
    def count(self) -> int: ...

    @property
    def pages(self) -> int | None: ...

    @property
    def ids(self) -> Sequence[str]: ...

    @property
    def last(self) -> str | None: ...


P = TypeVar("P", bound=Part)
Fetch = Callable[[Mapping[str, Any]], Any]


@dataclass
class Walk(Generic[P]):
    """One pass over the pages. `fetch` sends the parameters of a page, in a thread; `read` makes a part of it."""

    paging: Paging
    fetch: Fetch
    read: Callable[[Any], P]
    concurrency: int = 1
    per: int = 0
    base: int = 0
    asked: int = 0
    total: int | None = None
    ended: bool = False
    _ahead: deque[Future[Any]] = field(default_factory=deque)
    _key: str | None = None

    def parts(self) -> Iterator[P]:
        """The pages in order. Closing the iterator stops what has not begun."""
        self.per = self.per or self.paging.per
        pool = ThreadPoolExecutor(self.concurrency, thread_name_prefix="pages")
        try:
            yield from self._parts(pool)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _parts(self, pool: ThreadPoolExecutor) -> Iterator[P]:
        before: Sequence[str] = ()
        first = True
        self._submit(pool)
        while self._ahead:
            part = self.read(self._ahead.popleft().result())
            if before and self.paging.overlap and part.count and not self._joins(part, before):
                part = self._from_further_back(before)
            self._learn(part, first=first)
            while not self.ended and len(self._ahead) < self._reach() and self._more():
                self._submit(pool)
            yield part
            before, first = part.ids, False

    def _joins(self, part: P, before: Sequence[str]) -> bool:
        """Whether a page begins with a row of the page before it."""
        return not part.ids or part.ids[0] in before

    def _learn(self, part: Part, *, first: bool) -> None:
        """What this page tells about the rest."""
        if part.pages is not None:
            self.total = part.pages
        if part.count == 0:
            self._end()
        elif self.paging.style == "cursor":
            self.ended = part.last is None or part.last == self._key
            self._key = part.last
        elif self.total is None and self.per and part.count < self.per:
            self._short(part.count, first=first)
        elif not self.per:
            self.ended = True

    def _short(self, count: int, *, first: bool) -> None:
        """A short page is the last one; but a first one of a round length may be cut at a limit of theirs."""
        if first and count % _ROUND == 0 and count > self.paging.overlap:
            self.per = count
            return
        self._end()

    def _end(self) -> None:
        self.ended = True
        self._forget()

    def _forget(self) -> None:
        """Requests that are under way for pages we do not want are left to end; those not begun are not sent."""
        while self._ahead:
            self._ahead.pop().cancel()

    def _more(self) -> bool:
        return self.total is None or self.asked < self.total

    def _reach(self) -> int:
        """How many requests may be under way."""
        if self.paging.style == "cursor" or self.concurrency == 1:
            return 1
        return 2 * self.concurrency if self.total is not None else self.concurrency

    def _submit(self, pool: ThreadPoolExecutor) -> None:
        self._ahead.append(pool.submit(self.fetch, self._params()))
        self.asked += 1

    def _params(self) -> dict[str, Any]:
        paging, params = self.paging, dict[str, Any]()
        if paging.size is not None:
            params[paging.size] = self.per
        if paging.style == "offset":
            params[paging.start] = self.base + self.asked * (self.per - paging.overlap)
        elif paging.style == "page":
            params[paging.start] = paging.first + self.asked
        elif self._key is not None:
            params[paging.start] = self._key
        return params

    def _from_further_back(self, before: Sequence[str]) -> P:
        """Rows were removed before the border: read from an earlier place that the last page still knows."""
        at = self.base + (self.asked - len(self._ahead) - 1) * (self.per - self.paging.overlap)
        back = _STEP_BACK
        self._forget()
        while True:
            self.base, self.asked = max(0, at - back), 0
            part = self.read(self.fetch(self._params()))
            self.asked = 1
            if self.base == 0 or not part.count or self._joins(part, before):
                return part
            back *= 2
