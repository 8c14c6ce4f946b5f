"""What the person's files say about accounting: which time is open, and who sells where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo


@dataclass(frozen=True)
class Seller:
    """Who sells, for documents in 1C: the INN of the organization and the name of the storage, as far as said."""

    organization: str | None = None
    storage: str | None = None


@dataclass(frozen=True, kw_only=True)
class Books:
    """The accounting facts of a workspace. `zone` is its own: days are days there.

    `spots` is by "account:spot"; `alone` by 1C base the INN of the one organization that keeps its books there.
    """

    zone: tzinfo
    start_from: date | None = None
    closed_until: date | None = None
    spots: Mapping[str, Seller] = field(default_factory=dict)
    alone: Mapping[str, str] = field(default_factory=dict)

    def day(self, moment: str) -> date:
        """The day of a canonical moment, or a canonical date itself."""
        at = datetime.fromisoformat(moment)
        return at.date() if at.tzinfo is None else at.astimezone(self.zone).date()

    def is_old(self, moment: str) -> bool:
        """Whether it lies before the time that is carried: such a document counts as agreed."""
        return self.start_from is not None and self.day(moment) < self.start_from

    def is_closed(self, moment: str) -> bool:
        """Whether it lies in the closed period."""
        return self.closed_until is not None and self.day(moment) <= self.closed_until

    def first_open(self) -> str:
        """The first moment of the open period."""
        day = (self.closed_until or date.min) + timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).isoformat()

    def seller(self, account: str, spot: str | None, base: str) -> Seller:
        """Who sells what this spot sells, in the words of a base. A spot that is not described says nothing."""
        said = self.spots.get(f"{account}:{spot}", Seller()) if spot is not None else Seller()
        return Seller(said.organization or self.alone.get(base), said.storage)
