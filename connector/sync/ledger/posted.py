"""Cancelled in the shop, posted in the books: a person decides, for entries stand on the document. Pure.

What was answered holds while the question is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from connector.model.states import Conflict
from connector.sync.ledger.view import LedgerView, document_question

FIELD: Final = "cancelled"
"""The field under which a person is asked."""

Verdict = Literal["unpost", "ask", "left"]
"""Take the posting back; ask; a person has said to leave the document alone."""


@dataclass(frozen=True)
class Posted:
    """`by_us`: the route posts its documents itself. `decided`: uid -> what a person last answered."""

    by_us: bool
    decided: Mapping[str, Conflict]

    def verdict(self, view: LedgerView, spoke: str) -> Verdict:
        """What becomes of a posted document of a spoke that is to be cancelled."""
        if self.by_us:
            return "unpost"
        answer = self.decided.get(view.uid)
        if answer is None or dict(answer.values) != _asked(view, spoke):
            return "ask"
        return "left" if answer.winner == spoke else "unpost"

    @staticmethod
    def question(view: LedgerView, spoke: str) -> Conflict:
        """`--take` the source: its posting is taken back, and it is marked; the target: it stays as it is."""
        return document_question(view, FIELD, _asked(view, spoke))


def _asked(view: LedgerView, spoke: str) -> dict[str, bool]:
    source = "" if view.source is None else view.source.link.spoke
    return {source: True, spoke: False}
