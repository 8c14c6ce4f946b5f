"""Which positions a run asks for. The panel has no filter by change (S-23), so a list says nothing of late edits.

A first run reads all. Then every run reads what is recent, archived or not, and the main list, from which a shop
archives what it is done with; and besides in turns: each run reads another stretch of the older time, archived ones
included, so that an edit of those is seen within `TURNS` runs. Which one is next, and since when there are positions,
is what the cursor says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

TURNS: Final = 24
RECENT: Final = timedelta(days=31)
_DAY: Final = timedelta(days=1)
_ARCHIVED: Final = {"unignore_archived": 1}

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Reach:
    """The turn of the next run, and the day of the oldest position that was read."""

    turn: int
    since: date

    def __str__(self) -> str:
        return f"{self.turn} {self.since.isoformat()}"

    @classmethod
    def of(cls, cursor: str | None) -> Reach | None:
        """What a cursor says; None where everything is to be read."""
        turn, _, since = (cursor or "").partition(" ")
        try:
            return cls(int(turn), date.fromisoformat(since))
        except ValueError:
            return None

    def next(self) -> Reach:
        return Reach(self.turn + 1, self.since)

    def asks(self, today: date) -> Iterator[Params]:
        """What one run asks for. Days at the edges are asked for twice: whether they count is not documented."""
        border = today - RECENT
        yield {"date_from": border.isoformat(), **_ARCHIVED}
        if self.since >= border:
            return
        yield {"date_to": (border + _DAY).isoformat()}
        share, turn = (border - self.since) / TURNS, self.turn % TURNS
        start, end = self.since + share * turn - _DAY, self.since + share * (turn + 1) + 2 * _DAY
        first = {} if turn == 0 else {"date_from": start.isoformat()}  # what is older still belongs to the first turn
        yield {**first, "date_to": end.isoformat(), **_ARCHIVED}


def oldest(known: date, moments: Iterator[Any]) -> date:
    """The earliest day of these times of the shop; what is no time says nothing."""
    for moment in moments:
        try:
            known = min(known, date.fromisoformat(str(moment)[:10]))
        except ValueError:
            continue
    return known
