"""What a run is asked to do, and who watches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from connector.model.states import Operation
from connector.sync.report import MatchReport


class Progress(Protocol):
    """Told what a run is doing, for a person who watches."""

    def observing(self, account: str, entity: str, rows: int) -> None: ...

    def applying(self, operation: Operation) -> None: ...


class Silent:
    """Nobody watches."""

    def observing(self, account: str, entity: str, rows: int) -> None:
        """Rows of a feed have been stored."""

    def applying(self, operation: Operation) -> None:
        """An operation has been carried out."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What one run is asked to do. `consent` is asked with the match report before a first write."""

    entities: tuple[str, ...] = ()
    account: str | None = None
    full: bool = False
    accept: frozenset[str] = frozenset()
    budget: float | None = None
    dry: bool = False
    consent: Callable[[MatchReport], bool] = lambda _report: False
