"""Handing out orders: which ones, in which form, and when they count as taken.

An order counts as taken when 1C says `success` after it had the whole answer, or sends the order back. That it asks
again proves nothing: a 1C that names its version gets what is left then, any other the same once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from connector.errors import RowError
from connector.jobs.desk import Desk
from connector.locale import N_
from connector.server.exchange.delivery import Delivery
from connector.server.exchange.visits import Batch, Visit
from connector.systems.onec.commerceml import VERSIONS, OrdersFile, written_version

if TYPE_CHECKING:
    from connector.config import Account

REMARKED: Final = 3
"""So often an order is fetched alone and not taken before a person is told."""


@dataclass(frozen=True)
class Answer:
    """The document that 1C fetches, made as it is sent."""

    parts: Iterator[bytes]
    encoding: str


class Giving:
    """One account."""

    def __init__(self, desk: Desk, delivery: Delivery, now: Callable[[], datetime]) -> None:
        self._desk, self._delivery, self._now = desk, delivery, now

    def next(self, visit: Visit, account: Account) -> Answer:
        """What is given to a query of this session."""
        version, sure = self._form(visit, account)
        waiting = self._desk.waiting()
        self._delivery.forget(set(waiting))
        chosen = self._delivery.choose(waiting, visit.given if self._pages(visit) else ())
        if visit.batch is not None:
            visit.unconfirmed.append(visit.batch)
        batch = visit.batch = Batch(sure=sure)
        encoding = "utf-8" if version.startswith("3") else account.encoding
        return Answer(self._parts(visit, batch, chosen, version, encoding), encoding)

    def _form(self, visit: Visit, account: Account) -> tuple[str, bool]:
        """The version to write, and whether 1C has told us that it reads it.

        Some 1C fetch before they begin an exchange and name their version: what they said last time counts. One that
        has never said any but asks for lists of the site is a new one, which sees orders only inside containers;
        should that be wrong it sees none and still says `success`, so only orders that come back count then.
        """
        if account.version is not None:
            return account.version, True
        said = visit.version if visit.version is not None else self._delivery.version
        if said is None and visit.asked_info:
            return VERSIONS[-1], False
        return written_version(said or None), True

    def _pages(self, visit: Visit) -> bool:
        """Whether a repeated query means: the next portion, please."""
        return bool(visit.version or self._delivery.version or visit.asked_info)

    def _parts(self, visit: Visit, batch: Batch, chosen: Sequence[int], version: str, encoding: str) -> Iterator[bytes]:
        """The document. What it held is noted once its last byte was handed over."""
        sheet = _Sheet(self._desk, chosen)
        file = OrdersFile(sheet.documents(), made_at=self._moment(), version=version, encoding=encoding)
        try:
            yield from file
        finally:
            self._desk.refuse([*sheet.refused, *sheet.named(file.refused)])
        written = [sheet.numbers[number] for number in file.written]
        batch.operations = {operation: sheet.versions[operation] for operation in written}
        visit.given.update(batch.operations)
        batch.whole = True

    def _moment(self) -> str:
        return self._now().replace(microsecond=0, tzinfo=None).isoformat()

    # what became of it

    def confirmed(self, visit: Visit) -> None:
        """1C said `success`: it has the last answer, if that went out whole and in a form that it reads."""
        batch = visit.batch
        if batch is None or not batch.whole:
            return
        if batch.sure:
            self._desk.acknowledge(batch.operations)
            self._delivery.acknowledged(batch.operations)
        visit.batch = None

    def conclude(self, visit: Visit) -> None:
        """The session is over: what it was given whole and nobody acknowledged has failed."""
        batches = [*visit.unconfirmed, *([visit.batch] if visit.batch is not None else [])]
        visit.unconfirmed, visit.batch = [], None
        whole = {tuple(batch.operations) for batch in batches if batch.whole and batch.operations}
        waiting = set(self._desk.waiting()) if whole else set()
        for operations in whole:
            if waiting.issuperset(operations):
                alone = self._delivery.failed(operations)
                if alone is not None and alone[1] >= REMARKED:
                    self._desk.remark(*alone)


class _Sheet:
    """The orders of one answer: which operation each number is, and what could not be said."""

    def __init__(self, desk: Desk, chosen: Sequence[int]) -> None:
        self._desk, self._chosen = desk, chosen
        self.numbers: dict[str, int] = {}
        self.versions: dict[int, str] = {}
        self.refused: list[tuple[int, RowError]] = []

    def documents(self) -> Iterator[Mapping[str, Any]]:
        for order in self._desk.orders(self._chosen):
            problem = order.problem
            if problem is None and order.number == "":
                problem = RowError("Номер", "", N_("1C does not load an order without it"))
            if problem is None and order.number in self.numbers:
                problem = RowError("Номер", order.number, N_("another order of this batch has the same number"))
            if problem is not None:
                self.refused.append((order.operation, problem))
                continue
            self.numbers[order.number] = order.operation
            self.versions[order.operation] = order.version
            yield order.data

    def named(self, refused: Sequence[tuple[str, RowError]]) -> Iterator[tuple[int, RowError]]:
        return ((self.numbers[number], problem) for number, problem in refused)
