"""Whether a statement adds up: each section of balances in itself, and with the documents that it is about.

    for difference in differences(statement): difference.line, difference.reason

What the file does not say is not proved. A difference says nothing of which side is wrong: a person asks the bank.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from connector.locale import N_, Sentence
from connector.model.values import money_text
from connector.systems.onec.bank.statement import Direction, Statement, Turnover


class Difference(NamedTuple):
    """A section that does not add up: the line it begins in, and what differs by how much."""

    line: int
    reason: Sentence


def differences(statement: Statement) -> Iterator[Difference]:
    """Every difference of the file, in its order."""
    for turnover in statement.turnovers:
        yield from _within(turnover)
        yield from _beside(statement, turnover, "in", turnover.received)
        yield from _beside(statement, turnover, "out", turnover.spent)


def _within(turnover: Turnover) -> Iterator[Difference]:
    """opening + received - spent = closing"""
    opening, received, spent, closing = turnover.opening, turnover.received, turnover.spent, turnover.closing
    if opening is None or received is None or spent is None or closing is None:
        return
    made = opening + received - spent
    if made != closing:
        text = N_(
            "account {account}: {opening} at first, {received} came, {spent} went, which makes {made}; the statement "
            "ends with {closing}, a difference of {difference}"
        )
        reason = Sentence(
            text,
            account=turnover.account or "",
            opening=money_text(opening),
            received=money_text(received),
            spent=money_text(spent),
            made=money_text(made),
            closing=money_text(closing),
            difference=money_text(closing - made),
        )
        yield Difference(turnover.line, reason)


def _beside(statement: Statement, turnover: Turnover, direction: Direction, told: int | None) -> Iterator[Difference]:
    """What the section says came or went, against its documents of those days."""
    if told is None:
        return
    found = sum(
        one.amount
        for one in statement.payments
        if one.direction == direction and one.account == turnover.account and _is_of(turnover, statement, one.moved_on)
    )
    if found != told:
        came = N_("account {account}: {told} came by the statement, {found} by its documents; they differ by {by}")
        went = N_("account {account}: {told} went by the statement, {found} by its documents; they differ by {by}")
        text = came if direction == "in" else went
        by = money_text(abs(told - found))
        reason = Sentence(text, account=turnover.account or "", told=money_text(told), found=money_text(found), by=by)
        yield Difference(turnover.line, reason)


def _is_of(turnover: Turnover, statement: Statement, day: str | None) -> bool:
    """Whether money that moved on this day belongs to the days of a section; those of the file where it names none."""
    since, until = turnover.since or statement.since, turnover.until or statement.until
    return day is not None and (since is None or since <= day) and (until is None or day <= until)
