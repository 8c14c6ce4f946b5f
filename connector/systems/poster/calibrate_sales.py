"""Proving the money units of sales (P-86, P-90): on a receipt of the probe's own, and by reading one receipt twice.

A receipt needs a till (`Till`), which no call of the documents names, so a person must. It is opened, filled with the
probe's dish, closed and removed again; a sum that differs from its goods is refused (88), so a wrong guess of the unit
closes nothing. What was printed or counted at the till meanwhile stays there as a removed receipt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from connector.errors import Invalid, RejectedError
from connector.locale import N_, Sentence
from connector.model.values import decimal_of
from connector.systems.parameters import Proved
from connector.systems.poster.proof import SENT, Call, Proof, read, unknown

_CLOSE: Final = "transactions.closeTransaction"
_PAGES: Final = "transactions.getTransactions"
_PAYMENTS: Final = ("payed_cash", "payed_card", "payed_cert")
_BACK: Final = timedelta(days=30)


class Till(NamedTuple):
    """Where a receipt is opened, and by whom: ids of Poster."""

    spot: str
    tablet: str
    user: str


def receipts(call: Call, till: Till, dish: str) -> Iterator[Proof]:
    """The units of a line's price and of payments."""
    opened = {"spot_id": till.spot, "spot_tablet_id": till.tablet}
    begun = call("transactions.createTransaction", {**opened, "user_id": till.user})
    number = str(begun["transaction_id"])
    opened["transaction_id"] = number
    try:
        call("transactions.addTransactionProduct", {**opened, "product_id": dish, "price": SENT})
        yield read("transactions.addTransactionProduct", "price", lambda: _total(call, number))
        yield from _closed(call, opened, _total(call, number))
    finally:
        with suppress(RejectedError):
            removed = {name: value for name, value in opened.items() if name != "spot_id"}
            call("transactions.removeTransaction", {**removed, "user_id": till.user})


def readings(call: Call, now: Callable[[], float]) -> Iterator[Proof]:
    """The unit of the list of receipts, by a receipt that the other list shows too; nothing where there is none."""
    today = datetime.fromtimestamp(now(), UTC).date()
    window = {"dateFrom": (today - _BACK).isoformat(), "dateTo": today.isoformat(), "status": 2}
    sold = next((row for row in call("dash.getTransactions", window) if decimal_of(row["sum"]) > 0), None)
    if sold is None:
        return
    day = str(sold["date_close_date"])[:10]
    same = call(_PAGES, {"date_from": day, "date_to": day})
    shown = next((row for row in same if str(row["transaction_id"]) == str(sold["transaction_id"])), None)
    if shown is None:
        yield unknown(_PAGES, "sum")
        return
    yield _compared(decimal_of(shown["sum"]), decimal_of(sold["sum"]))


def _compared(shown: Decimal, minor: Decimal) -> Proof:
    units: Mapping[Decimal, Proved] = {minor: "minor", minor / 100: "major"}
    unit = units.get(shown)
    if unit is None:
        return unknown(_PAGES, "sum")
    text = N_("{endpoint}: “{field}” is in kopecks") if unit == "minor" else N_("{endpoint}: “{field}” is in roubles")
    return Proof(_PAGES, "sum", unit, Sentence(text, endpoint=_PAGES, field="sum"))


def _closed(call: Call, opened: Mapping[str, Any], total: Decimal) -> Iterator[Proof]:
    """Kopecks first, roubles when they are refused; what is accepted is the unit of every payment."""
    guesses: tuple[tuple[Proved, Decimal], ...] = (("minor", total), ("major", total / 100))
    for unit, amount in guesses:
        try:
            call(_CLOSE, {**opened, "payed_cash": amount, "print_fiscal": 0})
        except Invalid as error:
            if error.code != "88":
                raise
            continue
        text = {
            "minor": N_("{endpoint}: “{field}” is in kopecks"),
            "major": N_("{endpoint}: “{field}” is in roubles"),
        }[unit]
        for field in _PAYMENTS:
            yield Proof(_CLOSE, field, unit, Sentence(text, endpoint=_CLOSE, field=field))
        return
    yield unknown(_CLOSE, "payed_cash")


def _total(call: Call, number: str) -> Decimal:
    """Kopecks of all lines, as the report shows them."""
    lines = call("dash.getTransactionProducts", {"transaction_id": number})
    return sum((decimal_of(line["product_sum"]) for line in lines), Decimal(0))
