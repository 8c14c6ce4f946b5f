"""Documents of a closed period: never written in silence (invariant 10). Pure.

A route refuses them, dates new ones into the open period, or asks. What a person has answered holds while the question
is the same: the same date of the document, the same end of the closed period.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from connector.model.books import Books
from connector.model.routes import Closed
from connector.model.states import Conflict
from connector.sync.ledger.view import LedgerView, document_question

FIELD: Final = "date"
"""The field under which a person is asked."""

Verdict = Literal["open", "correct", "refuse", "ask", "left"]
"""Write it; date it anew; say that it is refused; ask; a person has said to leave it alone."""


@dataclass(frozen=True)
class ClosedTime:
    """What a route does about closed time. `decided`: uid -> what a person last answered."""

    books: Books
    rule: Closed
    decided: Mapping[str, Conflict]

    def verdict(self, view: LedgerView, spoke: str, date: str, *, new: bool) -> Verdict:
        """Whether a document of this date may be written to a spoke: a `new` one, or one that is there."""
        if not self.books.is_closed(date):
            return "open"
        answer = self.decided.get(view.uid)
        if answer is not None and dict(answer.values) == self._asked(view, spoke, date):
            return "open" if answer.winner == _source(view) else "left"
        if self.rule == "correct":
            return "correct" if new else "refuse"
        return self.rule

    def question(self, view: LedgerView, spoke: str, date: str) -> Conflict:
        """Asks whether it is to be written all the same: `--take` the source's date, or the target's closed period."""
        return document_question(view, FIELD, self._asked(view, spoke, date))

    def _asked(self, view: LedgerView, spoke: str, date: str) -> dict[str, Any]:
        return {_source(view): date, spoke: str(self.books.closed_until)}


def _source(view: LedgerView) -> str:
    return "" if view.source is None else view.source.link.spoke
